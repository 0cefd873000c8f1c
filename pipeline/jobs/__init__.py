"""A job's folder: the frozen plan, the journal of what happened, and the attempts."""
