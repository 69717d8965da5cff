"""One run: its settings, its folder on disk and the states that it goes through."""
