"""Helpers that several tests and benchmarks use: builders, processes, a W&B server, a browser."""
