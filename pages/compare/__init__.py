"""Compare finished runs: the page, and one module per view."""
