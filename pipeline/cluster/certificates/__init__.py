"""Certificates of a cluster: for its scheduler, its workers, and the agents of its nodes."""
