"""Everything about an environment's life: its key, its build, its health, and what runs in it sees."""
