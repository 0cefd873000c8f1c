"""Nodes that Dask deploys, or that joined one of its schedulers: first contact, membership, and letting go."""
