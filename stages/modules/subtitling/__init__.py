"""Subtitles: words cut into cues, cues timed, lines broken; subtitle files read, repaired, checked and written."""
