"""Translation of transcripts: cues become sentences, an engine translates them, and they get their times back."""
