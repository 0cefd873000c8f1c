"""What the orchestrator itself must know about media: whether a file can be worked on at all."""
