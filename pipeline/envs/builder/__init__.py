"""Building an environment: its packages, its programs, and the marker that makes it count."""
