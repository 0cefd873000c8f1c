"""Environments in one file, for a machine without a network: making it, looking at it, and building out of it."""
