"""Hashes that say whether two runs have the same split."""

import hashlib
import json
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd


def hash_rows(frames: Mapping[str, pd.DataFrame]) -> str:
    """SHA-256 of splits by name, as their rows are in their files: IDs, texts and labels, whatever their groups."""
    digest = hashlib.sha256()
    for name, frame in frames.items():
        texts = frame.drop(columns="group_name", errors="ignore")
        digest.update(f"{name}\n{texts.to_csv(index=False)}".encode())
    return digest.hexdigest()


def hash_texts_and_labels(frames: Mapping[str, pd.DataFrame], labels: Sequence[str]) -> str:
    """SHA-256 of splits by name: their texts and labels in their order. IDs do not count, since rows without any are
    called by their place in the file."""
    digest = hashlib.sha256(json.dumps(list(labels)).encode())
    for name, frame in frames.items():
        texts = [text.encode() for text in frame["text"].tolist()]
        digest.update(json.dumps([name, len(texts)]).encode())
        digest.update(frame[list(labels)].to_numpy(dtype=np.int8).tobytes())
        digest.update(np.array([len(text) for text in texts], dtype="<u8").tobytes())
        digest.update(b"".join(texts))
    return digest.hexdigest()
