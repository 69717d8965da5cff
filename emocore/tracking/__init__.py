"""Where a run's metrics go: always the local file, and Weights & Biases beside it."""
