"""Code that two or more pages use."""
