"""What a job gets when it asks for an environment: ours, else one that somebody else has made and that stays theirs."""
