"""Looks for what is wrong or doubtful in labelled texts that could be read, and warns of it.

What makes reading or splitting impossible is a DataError of `emocore.data.table`, `reading` and `split`; here is what a
user should know before trusting a score. `splits` calls all checks but that of `lengths`, which needs a tokenizer;
`sentences` puts a finding into words; `removal` drops the training rows that one names. Texts in two splits are found
if they are the same after normalising, not if somebody has rewritten them.
"""
