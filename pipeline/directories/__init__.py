"""Directories as outputs: what is in one, its one digest, and a copy of it elsewhere."""
