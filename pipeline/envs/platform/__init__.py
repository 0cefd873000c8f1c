"""What differs between systems where environments lie: the one place for it."""
