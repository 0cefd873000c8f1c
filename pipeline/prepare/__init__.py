"""From what a person asks for to a frozen plan: everything is looked at and decided before a job is written."""
