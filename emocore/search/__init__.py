"""Search for good settings, with the same budget for each method; above `jobs`, whose queue carries the trials out."""
