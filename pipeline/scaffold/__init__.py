"""What begins a project, and the smallest files of what a project is made of."""
