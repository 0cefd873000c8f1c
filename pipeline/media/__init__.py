"""What must be known of a movie before work is planned: its tracks, subtitles and languages, and glossaries for it."""
