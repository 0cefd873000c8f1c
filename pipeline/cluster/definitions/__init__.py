"""What ``config/clusters.yaml`` says, and the secrets that a project has for each cluster."""
