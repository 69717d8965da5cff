"""Turns finished runs into tables: metrics, costs, differences, reference lines. Draws nothing."""
