"""Making a project ready for its runs: building, repairing, locking, checking, registering, cleaning up."""
