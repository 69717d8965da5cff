"""From a file to checked, split and tokenised datasets."""
