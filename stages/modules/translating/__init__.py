"""Transcripts in another language: sentences made of cues, translated with what must survive, laid back on their times."""
