"""The command line, which can do everything that the pages can."""
