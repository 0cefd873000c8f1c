"""A job's film: its subtitles as people edit them, what follows from that, and its pictures and sound."""
