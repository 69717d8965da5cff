"""TF-IDF features with one linear model per label, stored without pickles. `emocore.training.tfidf` fits them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from emocore.errors import AdapterError
from emocore.models.adapter import AdapterInfo, check_finite
from emocore.system.files import read_bytes, write_atomically
from emocore.text import first_line

VOCABULARY_FILE = "tfidf.json"
WEIGHTS_FILE = "tfidf.safetensors"
MOST_VOCABULARY_BYTES = 10**9


def make_vectorizers() -> list[TfidfVectorizer]:
    """Words and word pairs, and character n-grams within words, which are robust to typos and hashtags."""
    return [
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=3),
    ]


class LinearClassifier:
    """`weights` is (features, labels) and `intercept` (labels,): logits are features @ weights + intercept."""

    note: str | None = None

    def __init__(
        self, vectorizers: list[TfidfVectorizer], weights: np.ndarray, intercept: np.ndarray, info: AdapterInfo
    ) -> None:
        self.info = info
        self.weights = weights
        self.intercept = intercept
        self._vectorizers = vectorizers

    def logits(self, texts: list[str]) -> np.ndarray:
        features = sparse.hstack([vectorizer.transform(texts) for vectorizer in self._vectorizers])
        with np.errstate(all="ignore"):  # the check below reports numbers that are too large
            logits = np.asarray(features @ self.weights + self.intercept, dtype=np.float32)
        check_finite(logits, f"run {self.info.run_id}: its adapter's answers")
        return logits

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        vocabularies = [
            {term: int(column) for term, column in vectorizer.vocabulary_.items()} for vectorizer in self._vectorizers
        ]
        write_atomically(folder / VOCABULARY_FILE, json.dumps(vocabularies, ensure_ascii=False))
        tensors = {"weights": self.weights, "intercept": self.intercept}
        for position, vectorizer in enumerate(self._vectorizers):
            tensors[f"idf.{position}"] = vectorizer.idf_
        save_file({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, folder / WEIGHTS_FILE)

    @classmethod
    def load(cls, folder: Path, info: AdapterInfo) -> "LinearClassifier":
        """Raises AdapterError if the files are missing or do not fit each other."""
        try:
            vectorizers = make_vectorizers()
            vocabularies = json.loads(read_bytes(folder / VOCABULARY_FILE, MOST_VOCABULARY_BYTES))
            _check_vocabularies(vocabularies, len(vectorizers))
            tensors = load_file(folder / WEIGHTS_FILE)
            for name, tensor in tensors.items():
                check_finite(tensor, f"{folder}: {WEIGHTS_FILE}, {name[:200]}")
            for position, vectorizer in enumerate(vectorizers):
                vectorizer.vocabulary_ = vocabularies[position]
                vectorizer.idf_ = tensors[f"idf.{position}"]
            expected = (sum(map(len, vocabularies)), len(info.labels))
            if tensors["weights"].shape != expected or tensors["intercept"].shape != expected[1:]:
                raise ValueError(f"weights of {tensors['weights'].shape} where {expected} belong")
            return cls(vectorizers, tensors["weights"], tensors["intercept"], info)
        except AdapterError:
            raise
        except Exception as error:
            raise AdapterError(f"{folder}: the TF-IDF files are missing or broken ({first_line(error)})") from error


def _check_vocabularies(vocabularies: Any, expected: int) -> None:
    """Raises ValueError unless there is one {term: column} per vectorizer, with columns numbered without a gap."""
    if not isinstance(vocabularies, list) or len(vocabularies) != expected:
        raise ValueError(f"{VOCABULARY_FILE} should be a list of {expected} vocabularies")
    for vocabulary in vocabularies:
        columns = list(vocabulary.values()) if isinstance(vocabulary, dict) else [None]
        if {type(column) for column in columns} != {int} or set(columns) != set(range(len(columns))):
            raise ValueError(f"{VOCABULARY_FILE}: the columns of a vocabulary are not numbered from 0 without a gap")
