"""Nodes that run as jobs of Slurm: what Slurm says of them, and what a node knows of its own."""
