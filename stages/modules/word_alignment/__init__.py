"""Words aligned with the sound by WhisperX."""
