"""Turns data files into checked, split and tokenised data sets."""
