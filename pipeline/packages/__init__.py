"""Packages: a workflow with all that it needs, carried as one file."""
