"""Why environments can or can't be one, and which package broke a command. Nothing that is built is changed."""
