"""Which engine does a piece of work: what each needs, which one is best, and what a person should know of it."""
