"""Subtitle formats: which one a file is in, and a reader for each, which keeps its rules."""
