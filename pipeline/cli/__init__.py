"""The commands: each file parses, calls and renders, and decides nothing else."""
