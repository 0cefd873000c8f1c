"""What travels between a run and its nodes: orders, events and outcomes, as data."""
