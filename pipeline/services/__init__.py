"""Programs that run beside stages and answer them: started when they are needed, ready before use, shared by jobs."""
