"""Embeddings of texts by a frozen base: the vector of each text that its head reads, and a model that starts from them.

They are computed as a reloaded adapter answers: without dropout, in its precision, texts of one length at a time
without padding. Covered: heads on a base that nothing changes. A base with an adapter has other embeddings after each
step.
"""

import copy
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from datasets import Dataset, DatasetDict
from torch import Tensor, nn
from transformers.modeling_outputs import BaseModelOutputWithPoolingAndCrossAttentions

from emocore.models.adapter import Precision
from emocore.models.answers import read_in_batches
from emocore.models.build import LoadedBase, OpenedBase, load_weights
from emocore.models.discovery import list_parts, list_poolers
from emocore.models.embedding_cache import Embeddings
from emocore.models.fused.model import fuse

ARITHMETIC = 2  # to be raised with any change after which embeddings come out otherwise


class Embedder:
    """A base that reads texts for its head. The head's own answer is thrown away."""

    def __init__(self, loaded: LoadedBase, precision: Precision) -> None:
        loaded.model.requires_grad_(False)
        fuse(loaded.model, loaded.base.family)
        self._precision = precision
        self._model = loaded.model.eval()
        self._pooling = loaded.base.pooling
        self._read: Tensor | None = None
        for name in list_parts(self._model):
            getattr(self._model, name).register_forward_pre_hook(self._keep)

    def embed(self, token_ids: Sequence[list[int]]) -> tuple[np.ndarray, np.ndarray]:
        """(texts, hidden) float32, and the seconds that each text took, (texts,)."""
        embeddings = np.empty((len(token_ids), self._model.config.hidden_size), dtype=np.float32)
        seconds = np.empty(len(token_ids))
        began = time.perf_counter()
        for rows, input_ids, _ in read_in_batches(self._model, token_ids, self._precision):
            embeddings[rows] = self._pool(input_ids).float().cpu().numpy()
            self._read = None
            ended = time.perf_counter()
            seconds[rows], began = (ended - began) / len(rows), ended
        return embeddings, seconds

    def _keep(self, part: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        if self._read is None:  # later parts read what the first one made of it
            self._read = inputs[0]

    def _pool(self, input_ids: Tensor) -> Tensor:
        """(texts, hidden): what the stock class makes of what its head's first part read, (texts, hidden) or (texts,
        tokens, hidden). A decoder answers at its last token that is not padding, RoBERTa at its first token; where
        Emocore pools, all tokens have the same state."""
        states = self._read
        assert states is not None, "the model has just called its head"
        if states.ndim == 2:
            return states
        if self._pooling != "last":
            return states[:, 0]
        places = torch.arange(input_ids.shape[1], device=states.device)
        last = (places * (input_ids != self._model.config.pad_token_id)).argmax(-1)
        return states[torch.arange(len(states), device=states.device), last]


class GivenEmbeddings(nn.Module):
    """Stands in for a frozen base: the only token of each text is its number, under which its embedding is found."""

    def __init__(self, embeddings: Embeddings) -> None:
        super().__init__()
        self._embeddings = embeddings

    def __deepcopy__(self, memo: dict[int, Any]) -> "GivenEmbeddings":
        """Itself, because it has no state, and the embeddings may be larger than the memory."""
        return self

    def forward(self, input_ids: Tensor, **others: Any) -> BaseModelOutputWithPoolingAndCrossAttentions:
        """`input_ids` is (texts, 1); the result has the embedding as the state of that token and as the pooled one."""
        found = torch.from_numpy(self._embeddings.take(input_ids[:, 0].cpu().numpy()))
        states = found.to(input_ids.device)
        return BaseModelOutputWithPoolingAndCrossAttentions(last_hidden_state=states[:, None], pooler_output=states)


def build_on_embeddings(opened: OpenedBase, embeddings: Embeddings, device: str) -> LoadedBase:
    """The base with a new head, its frozen part replaced by the embeddings; no weights of the base are read. The head's
    initial weights are drawn from torch's generator. `number_texts` makes its inputs."""
    model = copy.deepcopy(opened.skeleton)
    setattr(model, model.base_model_prefix, GivenEmbeddings(embeddings))
    parts = list_parts(model)
    for name in parts:
        part = getattr(model, name)
        part.to_empty(device="cpu").float()
        part.apply(model._init_weights)
    model.config.get_text_config().pad_token_id = opened.tokenizer.pad_token_id
    return LoadedBase(opened.base, model.to(device), tuple(parts), opened.tokenizer, opened.source, opened.revision)


def reads_only_embeddings(opened: OpenedBase) -> bool:
    """Whether all that stands between the frozen base and the labels is new, and reads one vector of each text. It is
    not where a part of the head comes with the base, a pooler does not, or the class looks for a token, as those of
    encoder-decoders do. Of a class with a pooler or with several parts of a head, the weights tell."""
    if opened.config.is_encoder_decoder:
        return False
    parts = list_parts(opened.skeleton)
    if len(parts) == 1 and (opened.base.pools_otherwise or not list_poolers(opened.skeleton)):
        return True
    return set(load_weights(opened, "cpu", torch.bfloat16, quantized=False).new_modules) == set(parts)


def number_texts(data: DatasetDict) -> DatasetDict:
    """The splits with one token for each text: its number in the order of all splits."""
    numbered, start = {}, 0
    for name, part in data.items():
        columns = {
            "input_ids": [[number] for number in range(start, start + len(part))],
            "attention_mask": [[1]] * len(part),
            "length": [1] * len(part),
            "labels": part["labels"],
        }
        numbered[name] = Dataset.from_dict(columns)
        start += len(part)
    return DatasetDict(numbered)


def describe_computation(
    opened: OpenedBase, files_sha256: str | None, device: str, precision: str, max_length: int
) -> dict[str, object]:
    """Everything other than a text's tokens that its embedding depends on, for the cache. The base is known by its
    commit on the Hub; a folder by the digest, sizes and times of its files, since the digest is only of their ends."""
    files = [path.stat() for path in sorted(Path(opened.source).glob("*.safetensors"))] if files_sha256 else []
    return {
        "arithmetic": ARITHMETIC,
        "base": opened.revision if files_sha256 is None else files_sha256,
        "files": [[state.st_size, state.st_mtime_ns] for state in files],
        "source": opened.base.location if opened.base.source == "hub" else None,
        "pooling": opened.base.pooling,
        "precision": precision,
        "quantized": False,
        "max_length": max_length,
        "device": torch.cuda.get_device_name() if device == "cuda" else torch.backends.cpu.get_cpu_capability(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }
