"""This machine: what it has, and who has what of it."""
