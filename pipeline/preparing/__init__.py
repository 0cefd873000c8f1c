"""From wishes to a plan: what was asked for is looked at, decided, and frozen in a job."""
