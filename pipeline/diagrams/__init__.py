"""A workflow, or the plan of a job, as a drawing: which stage needs which, and where each runs."""
