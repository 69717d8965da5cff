"""Reads labelled texts in whatever form they come; `emocore.data.table` calls it and checks the texts.

`formats` turns the bytes of a file into a table of strings, by `delimited`, `json_objects`, `parquet` or `excel`.
`labels` finds the labels in it, which are columns (`label_columns`) or names in one column (`label_names`). What each
of them decided is in a `Reading`.
"""
