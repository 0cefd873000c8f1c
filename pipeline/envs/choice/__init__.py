"""Which environment a job gets: the live build, an external one, or one that is built for it."""
