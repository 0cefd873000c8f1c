"""Differences between operating systems in the layout and the removal of environments, all in one place."""
