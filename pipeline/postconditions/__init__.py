"""What a stage promises of its outputs, beyond that they are there."""
