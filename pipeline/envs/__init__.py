"""Environments: their definition, key, build, health, and the variables of what runs in them."""
