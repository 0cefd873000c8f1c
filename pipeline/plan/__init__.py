"""From a workflow and its parameters to a plan: pure functions, nothing started and nothing written."""
