"""An audio track as mono sound: decoded in step with the movie's clock, mixed down, its channels judged."""
