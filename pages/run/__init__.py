"""One run: its state, live curves and result."""
