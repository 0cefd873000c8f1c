"""More than one machine: what travels between a run and the nodes that work for it, and what a node does with it."""
