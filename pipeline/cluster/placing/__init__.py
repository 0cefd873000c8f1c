"""Which node gets which stage. Pure."""
