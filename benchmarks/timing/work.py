"""How much a training computes, and how fast this machine multiplies matrices.

    python -m benchmarks.timing.work CONFIG TEXTS FILE PRECISION...

writes one JSON object to FILE: `flop_per_token` of the training, `emocore_tokens` with padding that a run of CONFIG
processes in training, and for each precision under `rates` the FLOP/s of matrix products of the base's own shapes.

A training counts as 4 FLOP per linear parameter and token. A product with a weight takes a multiplication and an
addition per parameter and token, and there are two such products: of the inputs in the forward pass, and of the
gradients of the outputs in the backward pass. The usual count of 6 has a third one for the gradient of the weight,
which is not computed, since the base is frozen. Not counted: adapter, head, embeddings, attention scores, norms, the
optimizer, and the recovery of 4-bit weights.
"""

import json
import sys
import time
from collections import Counter
from pathlib import Path

import pandas as pd
import torch
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

from emocore.data.encode import encode_texts
from emocore.models.bases import Base, find_base
from emocore.models.bundled import base_source
from emocore.run.config import RunConfig
from emocore.training.batches import LengthGroupedSampler

FLOP_PER_PARAMETER_AND_TOKEN = 4
RATE_SECONDS = 1.0
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}

Shapes = Counter[tuple[int, int]]


def linear_shapes(base: Base) -> Shapes:
    """(outputs, inputs) of the base's linear layers, without its head and a pooler, which see one token per text."""
    config = AutoConfig.from_pretrained(base_source(base), trust_remote_code=False)
    with torch.device("meta"):
        model = AutoModelForSequenceClassification.from_config(config, trust_remote_code=False)
    return Counter(
        (module.out_features, module.in_features)
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and not {base.family.head, "pooler"} & set(name.split("."))
    )


def count_parameters(shapes: Shapes) -> int:
    return sum(outputs * inputs * count for (outputs, inputs), count in shapes.items())


def count_padded_tokens(lengths: list[int], batch_size: int, seed: int, epochs: int) -> int:
    """Tokens with padding that Emocore's batches have in all epochs, each padded to its longest text."""
    sampler = LengthGroupedSampler(lengths, batch_size, seed)
    total = 0
    for epoch in range(epochs):
        sampler.set_epoch(epoch)
        order = [lengths[row] for row in sampler]
        batches = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
        total += sum(len(batch) * max(batch) for batch in batches)
    return total


def measure_rate(shapes: Shapes, tokens: int, dtype: torch.dtype, device: str, seconds: float = RATE_SECONDS) -> float:
    """FLOP/s of products of `tokens` rows with weights of these shapes, each in proportion to its count."""
    pairs = [
        (torch.randn(tokens, inputs, device=device).to(dtype), torch.randn(outputs, inputs, device=device).to(dtype))
        for outputs, inputs in shapes
    ]
    least = min(shapes.values())
    repeats = [round(count / least) for count in shapes.values()]
    flop = 2 * tokens * sum(times * weight.numel() for times, (_, weight) in zip(repeats, pairs, strict=True))
    for rows, weight in pairs:  # the first product of a shape also chooses its kernel
        torch.nn.functional.linear(rows, weight)
    wait_for(device)
    done, began = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - began) < seconds:
        for times, (rows, weight) in zip(repeats, pairs, strict=True):
            for _ in range(times):
                torch.nn.functional.linear(rows, weight)
        wait_for(device)
        done += flop
    return done / elapsed


def wait_for(device: str) -> None:
    """Return when a GPU has computed all that was asked of it; a CPU computes at once."""
    if device == "cuda":
        torch.cuda.synchronize()


def main() -> None:
    config = RunConfig.model_validate_json(Path(sys.argv[1]).read_bytes())
    texts = pd.read_parquet(sys.argv[2])
    base = find_base(config.base)
    tokenizer = AutoTokenizer.from_pretrained(base_source(base), trust_remote_code=False)
    learnt = texts.loc[texts["split"] == "train", "text"].tolist()
    lengths = encode_texts(learnt, tokenizer, config.max_length)["length"]
    shapes = linear_shapes(base)
    with torch.inference_mode():
        tokens = config.batch_size * config.max_length
        rates = {name: measure_rate(shapes, tokens, DTYPES[name], config.device) for name in sys.argv[4:]}
    work = {
        "flop_per_token": FLOP_PER_PARAMETER_AND_TOKEN * count_parameters(shapes),
        "emocore_tokens": count_padded_tokens(lengths, config.batch_size, config.seed, config.epochs or 1),
        "rates": rates,
    }
    Path(sys.argv[3]).write_text(json.dumps(work), encoding="utf-8")


if __name__ == "__main__":
    main()
