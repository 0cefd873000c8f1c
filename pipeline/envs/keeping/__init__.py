"""What becomes of builds that are there: who uses them, how large they are, which go, and how they travel."""
