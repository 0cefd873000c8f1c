"""Is an environment what was built? From a look that costs nothing to a reading of every byte."""
