"""What runs in a stage's environment, given to its interpreter by path; the orchestrator imports ``protocol`` alone."""
