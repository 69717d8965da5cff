"""Trained adapters -> probabilities, for one text or a table."""
