"""The logits of tokenised texts, computed in one way: while a run trains, by its saved adapter, and in the playground.

Texts of the same length make a batch, so that none is padded. Without padding a text's answer does not depend on the
texts in its batch, and nothing is computed in vain.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from emocore.models.adapter import Precision

# Tokens per batch, which limits memory for texts of any length. On a CPU, larger batches leave its caches.
BATCH_TOKENS = {"cpu": 1024, "cuda": 4096}


def compute_logits(model: Any, encoded: Mapping[str, Sequence[Any]], precision: Precision) -> np.ndarray:
    """(texts, labels) float32. `model` is a PEFT model with the head of its labels; it is left in the mode, training or
    evaluation, in which it was. `encoded` has the columns `input_ids`, `attention_mask` and `length` of
    emocore.data.encode."""
    device, was_training = model.device, model.training
    answers = np.empty((len(encoded["length"]), model.config.num_labels), dtype=np.float32)
    model.eval()
    with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
        for rows in make_batches(encoded["length"], BATCH_TOKENS[device.type]):
            batch = {
                key: torch.tensor([encoded[key][row] for row in rows], device=device)
                for key in ("input_ids", "attention_mask")
            }
            answers[rows] = model(**batch).logits.float().cpu().numpy()
    model.train(was_training)
    return answers


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
