"""Registered datasets: checked once, stored as parquet with a manifest, and named by name and hash.

A registered dataset is a folder `NAME@HASH` in the datasets folder. Its content never changes; the same name again is
another version in another folder, so a run that names one can always be repeated.
"""
