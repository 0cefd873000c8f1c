"""What a batch system says of jobs: the evidence of how a node was lost."""
