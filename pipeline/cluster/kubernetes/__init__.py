"""Nodes that run as pods of Kubernetes: what they are made of, and what its API says of them."""
