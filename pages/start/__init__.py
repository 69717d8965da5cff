"""The first page: the starter study and what there is."""
