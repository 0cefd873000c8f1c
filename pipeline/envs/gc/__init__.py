"""Removing builds: the folders that exist, which of them go, and the removal in one step."""
