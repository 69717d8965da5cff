"""Exports a comparison as web pages, pictures, LaTeX tables, a report, or a bundle with all of these."""
