"""Datasets: what is there, what each holds, and adding one from files."""
