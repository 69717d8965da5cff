"""Names by which columns are known, and what a label may be called."""

import re

TEXT_COLUMN_NAMES = ("tweet", "text", "message", "sentence", "comment", "content", "utterance", "post")
ID_COLUMN_NAMES = ("id", "row_id", "index", "tweet_id", "example_id", "")
LABEL_COLUMN_NAMES = ("labels", "label", "emotions", "emotion", "categories", "category", "classes", "class", "tags")
MOST_LABELS, LONGEST_LABEL = 200, 100
NO_LABEL_NAME = re.compile(r"[<>\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")  # markup, control, direction
