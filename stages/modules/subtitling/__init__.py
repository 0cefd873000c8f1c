"""Subtitles that people can read: words cut into cues, cues timed, lines broken, files read, written and checked."""
