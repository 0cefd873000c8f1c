"""Locks: what a person asked for, resolved to pins with hashes, and whether the two still agree."""
