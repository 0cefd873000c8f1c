"""Transcripts in another language: cues made sentences, these translated, and laid back on their times."""
