"""Small datasets in the layouts of go_emotions, BRIGHTER and sem_eval_2018_task_1 on the Hugging Face Hub."""

import io
import json
from collections.abc import Mapping
from typing import Any

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from tests.support.tables import LABELS, make_table

Files = dict[str, bytes]
STRING = {"dtype": "string", "_type": "Value"}
CLASSES = {"feature": {"names": list(LABELS), "_type": "ClassLabel"}, "_type": "List"}
SIZES = {"train": 200, "validation": 60, "dev": 60, "test": 60}


def to_stored_parquet(table: pd.DataFrame, features: Mapping[str, Any] | None = None) -> bytes:
    """As the library `datasets` writes it, which stores the features in the schema."""
    content = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(
        {"huggingface": json.dumps({"info": {"features": features}})} if features else None
    )
    stream = io.BytesIO()
    parquet.write_table(content, stream)
    return stream.getvalue()


def with_class_numbers(table: pd.DataFrame) -> pd.DataFrame:
    """text, labels (a list of numbers) and id, as in go_emotions."""
    numbers = [[place for place, value in enumerate(row) if value] for row in table[list(LABELS)].to_numpy()]
    return pd.DataFrame({"text": table["Tweet"], "labels": numbers, "id": table["ID"]})


def go_emotions(names_in_card: bool = True) -> Files:
    """The names of the classes are in the card, or only in the files."""
    splits = ("train", "validation", "test")
    numbered = {split: with_class_numbers(make_table(SIZES[split], seed)) for seed, split in enumerate(splits)}
    features = None if names_in_card else {"text": STRING, "labels": CLASSES, "id": STRING}
    names = "".join(f"          '{number}': {label}\n" for number, label in enumerate(LABELS))
    info = f"""dataset_info:
- config_name: simplified
  features:
  - name: text
    dtype: string
  - name: labels
    sequence:
      class_label:
        names:
{names}  - name: id
    dtype: string
  splits:
  - name: train
    num_bytes: 4224138
    num_examples: 200
"""
    paths = "".join(f"  - split: {split}\n    path: simplified/{split}-*\n" for split in splits)
    card = f"""---
language:
- en
license:
- apache-2.0
{info if names_in_card else ""}configs:
- config_name: raw
  data_files:
  - split: train
    path: raw/train-*
- config_name: simplified
  data_files:
{paths}  default: true
---
# GoEmotions
"""
    files = {
        f"simplified/{split}-00000-of-00001.parquet": to_stored_parquet(table, features)
        for split, table in numbered.items()
    }
    raw = make_table(100, seed=5).rename(columns={"Tweet": "text"})
    return {"README.md": card.encode(), "raw/train-00000-of-00001.parquet": to_stored_parquet(raw), **files}


def brighter() -> Files:
    """Two languages, of which zul has no split for training. `trust` was not annotated, so its column is empty."""
    files, configs = {}, ""
    for config, splits in (("eng", ("train", "dev", "test")), ("zul", ("dev", "test"))):
        configs += f"- config_name: {config}\n  data_files:\n"
        for seed, split in enumerate(splits):
            table = make_table(SIZES[split], seed).rename(columns={"ID": "id", "Tweet": "text"})
            named = [[label for label in LABELS[:3] if row[label]] for _, row in table.iterrows()]
            files[f"{config}/{split}-00000-of-00001.parquet"] = to_stored_parquet(
                table.assign(trust=None, emotions=pd.Series(named))
            )
            configs += f"  - split: {split}\n    path: {config}/{split}-*\n"
    return {"README.md": f"---\nlicense: cc-by-4.0\nconfigs:\n{configs}---\n# BRIGHTER\n".encode(), **files}


def sem_eval() -> tuple[Files, Files]:
    """The files of the dataset, whose rows a script would make, and those of the Hub's conversion: two configs with
    true and false in a column for each emotion."""
    card = b"---\nlicense:\n- unknown\npretty_name: SemEval-2018 Task 1\n---\n# SemEval\n"
    own = {"README.md": card, "sem_eval_2018_task_1.py": b"raise SystemExit('the script ran')\n"}
    tables = {
        f"subtask5.{language}/{split}/0000.parquet": make_table(SIZES[split], seed).astype(dict.fromkeys(LABELS, bool))
        for language in ("arabic", "english")
        for seed, split in enumerate(("test", "train", "validation"))
    }
    return own, {".gitattributes": b"", **{path: to_stored_parquet(table) for path, table in tables.items()}}
