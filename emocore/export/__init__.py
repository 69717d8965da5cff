"""A comparison to take away: web pages, pictures, LaTeX tables, a report and a bundle with all of it."""
