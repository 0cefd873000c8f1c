"""Drafts of edited subtitles: the operations of the editor, what they may do, and the file in which they are kept."""
