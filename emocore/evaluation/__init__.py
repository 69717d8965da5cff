"""Finished runs -> tables: metrics, costs, differences, reference lines. Draws nothing."""
