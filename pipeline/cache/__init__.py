"""The store of results: what a stage key once gave, for every job of the project."""
