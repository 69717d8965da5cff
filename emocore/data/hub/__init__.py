"""Datasets of the Hugging Face Hub: find the files of a dataset at one commit, fetch them, and read them as files.

No code of a dataset runs: only parquet files are read, its own or those that the Hub converted.
"""
