"""The catalogue of methods: `catalogue.METHODS` lists them, and one module describes those of a family."""
