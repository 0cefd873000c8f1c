"""Locks: requirements are resolved to pins with hashes, and a lock is checked against its requirements."""
