"""Repairing an environment: a new build from the whole files of the damaged one."""
