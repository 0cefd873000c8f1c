"""Calls into another environment: the functions of a file, or an object of it, in a worker of that environment."""
