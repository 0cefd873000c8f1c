"""Files by what is in them: a store on each node, and the streams between nodes and the run."""
