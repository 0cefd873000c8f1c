"""Which builds are removed, and how: the folders that exist, the choice among them, the removal in one step."""
