"""The catalogues of bases and methods, and how a config becomes a model."""
