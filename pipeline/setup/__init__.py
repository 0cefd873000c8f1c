"""A project made ready: environments and models locked, built, fetched, checked, repaired and cleaned up."""
