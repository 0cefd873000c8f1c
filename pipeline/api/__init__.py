"""The Python interface: projects, jobs, and functions that become stages. Programs import it from ``pipeline``."""
