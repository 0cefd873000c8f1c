"""A project made ready: its environments and models locked, built, fetched, looked after, compared and carried elsewhere."""
