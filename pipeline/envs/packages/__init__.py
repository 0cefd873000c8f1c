"""Package files: which there are for a lock, where, and what is in them."""
