"""The study this tool grew from: its published numbers and what they are worth.

Its accuracies are 1023/5871, 394/5871 and 64/5871, so validation had 5,871 rows. At the 21.3 % positive
label cells of that data, its F1 values fit one reading: all label columns flattened into one 0/1 vector.
"""

import pandas as pd

STUDY_RUNS = (
    ("LoRA", "lora", "google/gemma-1.1-2b-it", 0.7472527987876625, 0.8407736021430452, 0.17424629535002556),
    ("IA3", "ia3", "google/gemma-1.1-2b-it", 0.6425829295537843, 0.7856645143308404, 0.06710952137625617),
    ("QLoRA", "qlora", "Alibaba-NLP/gte-Qwen1.5-7B-instruct", 0.306213, 0.394021, 0.010901),
)
STUDY_NOTE = (
    "The study's F1 values are not multi-label F1: they fit all 11 label columns laid end to end as one "
    "0/1 vector, where *nothing* is a class of its own. In that convention a predictor that never predicts "
    "anything scores micro 0.787 and macro 0.440, so IA3's 0.786 is no better than silence. "
    "Its QLoRA ran on another base and for 40 steps, so the study does not compare methods alone. "
    "Compare its columns with the *flattened* ones below, never with multi-label F1."
)


def study_table() -> pd.DataFrame:
    """Columns series, method, base, flattened_f1_macro, flattened_f1_micro, exact_match."""
    columns = ["series", "method", "base", "flattened_f1_macro", "flattened_f1_micro", "exact_match"]
    return pd.DataFrame(STUDY_RUNS, columns=columns)
