"""Models: declared by the digests of their files, fetched once from whichever source has them."""
