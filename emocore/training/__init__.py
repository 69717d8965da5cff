"""One run in its own process, from its config to its adapter and results."""
