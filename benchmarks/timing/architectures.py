"""The study's bases as their publishers describe them, and texts for copies of them with random weights.

The time and the memory of a training depend on the sizes of a base and on the lengths of its texts, not on what they
hold. So copies with random weights (`benchmarks.timing.random_base`) measure what the real bases would take, without
their licences and downloads. Scores of such trainings mean nothing. Imports no torch.
"""

from collections.abc import Sequence
from itertools import islice, product
from string import ascii_lowercase, ascii_uppercase
from typing import Any

import numpy as np
import pandas as pd

ARCHITECTURES: dict[str, dict[str, Any]] = {
    "gemma-1.1-2b": {
        "architectures": ["GemmaForCausalLM"],
        "model_type": "gemma",
        "vocab_size": 256_000,
        "hidden_size": 2048,
        "num_hidden_layers": 18,
        "num_attention_heads": 8,
        "num_key_value_heads": 1,
        "head_dim": 256,
        "intermediate_size": 16_384,
        "hidden_act": "gelu_pytorch_tanh",
        "hidden_activation": "gelu_pytorch_tanh",
        "max_position_embeddings": 8192,
        "rms_norm_eps": 1e-6,
        "rope_theta": 10_000.0,
        "initializer_range": 0.02,
        "pad_token_id": 0,
        "eos_token_id": 1,
        "bos_token_id": 2,
        "tie_word_embeddings": True,
    },
    "gte-qwen1.5-7b": {
        "architectures": ["Qwen2ForCausalLM"],
        "model_type": "qwen2",
        "vocab_size": 151_936,
        "hidden_size": 4096,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 32,
        "intermediate_size": 11_008,
        "hidden_act": "silu",
        "max_position_embeddings": 32_768,
        "rms_norm_eps": 1e-6,
        "rope_theta": 1_000_000.0,
        "initializer_range": 0.02,
        "pad_token_id": 0,  # the copy's own tokenizer has its special tokens first
        "eos_token_id": 0,
        "bos_token_id": 0,
        "tie_word_embeddings": False,
    },
}
# What makes a copy small enough to train on a CPU in seconds. Four bits need rows and columns in multiples of 32.
TOY_SIZES: dict[str, dict[str, int]] = {
    "gemma-1.1-2b": {"num_attention_heads": 2, "head_dim": 32},
    "gte-qwen1.5-7b": {"num_attention_heads": 2, "num_key_value_heads": 2},
}
TOY_COMMON = {"vocab_size": 2000, "hidden_size": 64, "num_hidden_layers": 2, "intermediate_size": 192}
SPECIAL_TOKENS = {
    "gemma-1.1-2b": {"pad_token": "<pad>", "eos_token": "<eos>", "bos_token": "<bos>"},
    "gte-qwen1.5-7b": {"eos_token": "<|endoftext|>"},
}
# A small letter and a capital are a pair, and two pairs are a word, so that only one way leads from letters to a word.
PAIRS = [small + capital for small, capital in product(ascii_lowercase, ascii_uppercase)]


def describe_architecture(name: str, toy: bool) -> dict[str, Any]:
    """The content of `config.json`; with `toy`, all sizes are small."""
    return ARCHITECTURES[name] | (TOY_COMMON | TOY_SIZES[name] if toy else {})


def list_words(name: str, toy: bool) -> list[str]:
    """Made-up words, such as aBcD, each of which is one token after a space. All other tokens are special ones, the
    space, letters, and pairs with and without a space before them."""
    others = len(SPECIAL_TOKENS[name]) + 1 + len(ascii_lowercase + ascii_uppercase) + 2 * len(PAIRS)
    count = describe_architecture(name, toy)["vocab_size"] - others
    return [first + second for first, second in islice(product(PAIRS, PAIRS), count)]


def draw_texts(words: Sequence[str], lengths: np.ndarray, rows: int, generator: np.random.Generator) -> list[str]:
    """`rows` texts of random words, each with as many tokens as one of `lengths`. The first word has no space before it
    and is two tokens, so the shortest text has two."""
    counts = np.maximum(generator.choice(lengths, rows) - 1, 1)
    numbers = generator.integers(len(words), size=counts.sum())
    return [" ".join(words[number] for number in text) for text in np.split(numbers, counts.cumsum()[:-1])]


def draw_labels(frame: pd.DataFrame, rows: int, generator: np.random.Generator) -> pd.DataFrame:
    """`rows` random rows of the label columns, so that each label is as frequent as it was."""
    return frame.iloc[generator.integers(len(frame), size=rows)].reset_index(drop=True)
