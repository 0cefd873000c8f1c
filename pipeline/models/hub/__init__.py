"""Files from a model hub or a web address: looked at and fetched in the environment ``model-hub``."""
