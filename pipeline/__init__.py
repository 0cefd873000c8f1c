"""A workflow orchestrator in which every stage runs in its own locked environment."""

__version__ = "0.1.0"
