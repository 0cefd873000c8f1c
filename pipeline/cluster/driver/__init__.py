"""A run whose stages run on nodes: orders go out, events come back, and the run's own journal alone commits."""
