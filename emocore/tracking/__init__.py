"""Logging of a run's metrics: always to the local file, and also to Weights & Biases."""
