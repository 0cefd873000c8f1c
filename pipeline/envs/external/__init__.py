"""Environments that aren't built by us, and which environment a job gets."""
