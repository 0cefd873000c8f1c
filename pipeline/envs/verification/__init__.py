"""Is an environment what was built? From a check that costs nothing to reading every byte and running code in it."""
