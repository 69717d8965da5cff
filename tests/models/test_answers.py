"""A model answers alike while it is trained and when it has been reloaded, in any batch."""

from pathlib import Path

import numpy as np
import pytest
import torch

from emocore.data.encode import encode_texts
from emocore.models.adapter import Precision, describe_adapter
from emocore.models.answers import DTYPES, compute_logits, make_batches
from emocore.models.build import build_model, load_base
from emocore.models.classifier import NeuralClassifier
from emocore.models.resolve import resolve
from emocore.run.config import RunConfig
from tests.support.live_runs import quick_settings

TEXTS = ["so happy today", "I am so sad", "what a day", "happy", "I love it, I really do, more than anything else"]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("base", ["bert", "llama"])
def test_an_answer_is_the_same_in_any_company_and_mode(
    small_csv: Path, tiny_bert: Path, tiny_llama: Path, base: str, precision: str
) -> None:
    folder = {"bert": tiny_bert, "llama": tiny_llama}[base]
    config, _ = resolve(RunConfig(**quick_settings(small_csv, base=str(folder), method="lora")))
    model, loaded = build_model(config, ("joy", "fear"), "cpu", precision)
    encoded = encode_texts(TEXTS, loaded.tokenizer, 32)
    model.train()
    together = compute_logits(model, encoded, precision)
    assert model.training and together.shape == (5, 2) and together.dtype == np.float32
    model.eval()
    for row in range(len(TEXTS)):
        alone = compute_logits(model, {name: values[row : row + 1] for name, values in encoded.items()}, precision)
        np.testing.assert_allclose(alone[0], together[row], atol=1e-6)
    assert not model.training


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("method", ["lora", "ia3", "qlora"])
def test_a_saved_adapter_answers_as_it_did_while_it_was_trained(
    small_csv: Path, tiny_llama: Path, tmp_path: Path, method: str, precision: Precision
) -> None:
    """So each point of a curve is what the adapter of that moment would score."""
    config, _ = resolve(RunConfig(**quick_settings(small_csv, base=str(tiny_llama), method=method)))
    labels = ("joy", "fear")
    model, loaded = build_model(config, labels, "cpu", precision)
    for parameter in model.parameters():
        if parameter.requires_grad:
            torch.nn.init.normal_(parameter, std=0.5)
    encoded = encode_texts(TEXTS, loaded.tokenizer, config.max_length)
    trained = compute_logits(model.train(), encoded, precision)
    model.save_pretrained(str(tmp_path))
    info = describe_adapter("run", config, labels, precision=precision, quantized=method == "qlora" and "nf4")
    base = load_base(config.base, labels, "cpu", DTYPES[precision], quantized=method == "qlora" and "nf4")
    reloaded = NeuralClassifier.load(tmp_path, info, base, precision)
    np.testing.assert_allclose(reloaded.logits(TEXTS), trained, atol=1e-5)


@pytest.mark.parametrize("base", ["bert", "llama"])
def test_the_head_is_not_rounded_to_bf16(small_csv: Path, tiny_bert: Path, tiny_llama: Path, base: str) -> None:
    folder = {"bert": tiny_bert, "llama": tiny_llama}[base]
    config, _ = resolve(RunConfig(**quick_settings(small_csv, base=str(folder), method="lora")))
    model, loaded = build_model(config, ("joy", "fear"), "cpu", "bf16")
    logits = compute_logits(model, encode_texts(TEXTS, loaded.tokenizer, 32), "bf16")
    rounded = torch.from_numpy(logits).to(torch.bfloat16).float().numpy()
    assert (logits != rounded).mean() > 0.8


def test_a_batch_has_texts_of_one_length_and_not_too_many_tokens() -> None:
    lengths = [3, 9, 3, 3, 50, 9, 3]
    batches = make_batches(lengths, most_tokens=10)
    assert sorted(row for batch in batches for row in batch) == list(range(7))
    for batch in batches:
        assert len({lengths[row] for row in batch}) == 1
        assert len(batch) == 1 or len(batch) * lengths[batch[0]] <= 10
    assert [[lengths[row] for row in batch] for batch in batches] == [[50], [9], [9], [3, 3, 3], [3]]
