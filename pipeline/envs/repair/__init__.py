"""Making a damaged environment whole again: what is damaged is installed anew, beside the build that is in use."""
