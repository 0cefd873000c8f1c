"""Files of other tools, read as far as that is honest: what can't be read is named by its line, and left out."""
