"""Tests by package, and the helpers that they share."""
