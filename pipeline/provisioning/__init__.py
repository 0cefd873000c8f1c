"""A project made ready: what it needs is locked, built, fetched, looked after, compared and carried elsewhere."""
