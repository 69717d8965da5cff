"""Texts of the user's own, read by trained adapters."""
