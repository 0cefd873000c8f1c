"""A service in the foreground: its public ports, its log, and new versions in the place of the one that serves."""
