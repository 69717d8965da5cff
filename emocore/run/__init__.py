"""One run: its settings, its folder on disk and its states."""
