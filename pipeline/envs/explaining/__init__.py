"""Why environments can or can't be one, and which package's change broke a command. Nothing that is built is touched."""
