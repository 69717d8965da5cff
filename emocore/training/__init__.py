"""One run, from its config to its adapter and its results, in a process of its own."""
