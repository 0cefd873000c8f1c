"""Which stage runs when, and what becomes of it: the loop over jobs, and the pure parts that it asks."""
