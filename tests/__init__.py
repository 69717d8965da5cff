"""Tests by room, and the helpers that they share."""
