"""What runs the nodes as jobs, whichever system it is, and a slow look at it: the evidence of how a node was lost."""
