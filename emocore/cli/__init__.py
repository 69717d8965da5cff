"""The command line: everything that the pages can do, without a browser."""
