"""Running prepared jobs: the loop, which stage is due, what is reused, and what happens to each attempt."""
