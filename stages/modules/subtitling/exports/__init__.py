"""Subtitles in the formats that other programs and people want, beside those that ``writer`` writes."""
