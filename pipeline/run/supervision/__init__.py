"""What ends a run in order: signals of the person, the guardian, and the search for processes that are left."""
