"""The logits of tokenised texts, computed in one way: while a run trains, by its saved adapter, and in the playground.

Texts of the same length make a batch, so that none is padded. Without padding a text's answer does not depend on the
texts in its batch, and nothing is computed in vain.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from emocore.models.adapter import Precision

# Tokens per batch, which limits memory for texts of any length. On a CPU, larger batches leave its caches.
BATCH_TOKENS = {"cpu": 1024, "cuda": 4096}
DTYPES: dict[Precision, torch.dtype] = {"fp32": torch.float32, "bf16": torch.bfloat16}


def compute_logits(model: Any, encoded: Mapping[str, Sequence[Any]], precision: Precision) -> np.ndarray:
    """(texts, labels) float32. `model` is a PEFT model with the head of its labels; it is left in the mode, training or
    evaluation, in which it was. `encoded` has the columns `input_ids` and `length` of emocore.data.encode."""
    answers = np.empty((len(encoded["length"]), model.config.num_labels), dtype=np.float32)
    was_training = model.training
    if was_training:  # to switch a thousand modules takes as long as a short text
        model.eval()
    for rows, _, logits in read_in_batches(model, encoded["input_ids"], precision):
        answers[rows] = logits.float().cpu().numpy()
    if was_training:
        model.train()
    return answers


def read_in_batches(
    model: Any, token_ids: Sequence[Sequence[int]], precision: Precision
) -> Iterator[tuple[list[int], Tensor, Tensor]]:
    """The rows of each batch, its token ids (texts, tokens), and the logits of a model in evaluation mode."""
    device = model.device
    for rows in make_batches([len(ids) for ids in token_ids], BATCH_TOKENS[device.type]):
        input_ids = torch.tensor([token_ids[row] for row in rows], device=device)
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
            logits = model(input_ids=input_ids, attention_mask=torch.ones_like(input_ids)).logits
        yield rows, input_ids, logits


def make_batches(lengths: Sequence[int], most_tokens: int) -> list[list[int]]:
    """Row numbers in batches of texts of the same length, each of at most so many tokens or of one text."""
    batches: list[list[int]] = []
    for row in sorted(range(len(lengths)), key=lambda row: -lengths[row]):
        last = batches[-1] if batches else []
        if last and lengths[last[0]] == lengths[row] and lengths[row] * (len(last) + 1) <= most_tokens:
            last.append(row)
        else:
            batches.append([row])
    return batches
