"""Of which types of bases a head can be trained on embeddings, and that it then answers as on the whole base."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification

from emocore.data.encode import encode_texts
from emocore.models.build import load_weights, open_base
from emocore.models.embedding_cache import EmbeddingCache, hash_tokens
from emocore.models.embeddings import Embedder, build_on_embeddings, reads_only_embeddings
from tests.support.base_types import TYPES, save_base

LABELS = ("anger", "joy", "sadness")
TEXTS = ["so happy", "I am not sad today and I love it !", "rain again and again", "what a day"]
NOT_ALONE = {
    "bert": "its pooler is new",
    "albert": "its pooler is new",
    "modernbert": "a part of its head is not new",
    "bart": "it looks for the end of the text",
    "t5": "it looks for the end of the text",
}
CASES = [
    *((model_type, "auto") for model_type in TYPES),
    *(("bert", "cls"), ("albert", "mean"), ("distilbert", "mean"), ("gpt2", "mean"), ("roberta", "last")),
]


@pytest.mark.parametrize(("model_type", "pooling"), CASES)
def test_a_head_answers_from_embeddings_as_on_its_base(
    model_type: str, pooling: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMOCORE_CACHE", str(tmp_path / "cache"))
    opened = open_base(str(save_base(tmp_path / model_type, model_type)), LABELS, pooling)
    assert reads_only_embeddings(opened) == (model_type not in NOT_ALONE or pooling != "auto")
    if not reads_only_embeddings(opened):
        return
    torch.manual_seed(3)
    whole = load_weights(opened, "cpu", torch.float32, quantized=False)
    token_ids = encode_texts(TEXTS, opened.tokenizer, 32)["input_ids"]
    with torch.inference_mode():
        expected = torch.cat([whole.model.eval()(input_ids=torch.tensor([ids])).logits for ids in token_ids])
    state = {name: weight for name, weight in whole.model.state_dict().items() if name.startswith(whole.new_modules)}
    vectors, seconds = Embedder(whole, "fp32").embed(token_ids)
    cache, names = EmbeddingCache({}), [hash_tokens(ids) for ids in token_ids]
    with cache.lock():
        cache.add(names, vectors, seconds, 1)
    stand_in = build_on_embeddings(opened, cache.get(names), "cpu").model.eval()
    stand_in.load_state_dict(state)
    numbers = torch.arange(len(TEXTS))[:, None]
    with torch.inference_mode():
        found = stand_in(input_ids=numbers, attention_mask=torch.ones_like(numbers)).logits
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_pooler_that_comes_with_the_base_is_frozen_and_read_by_the_head(tmp_path: Path) -> None:
    folder = save_base(tmp_path / "bert", "bert")
    AutoModelForSequenceClassification.from_pretrained(folder).save_pretrained(folder)
    assert reads_only_embeddings(open_base(str(folder), LABELS))


def test_a_layer_that_comes_from_another_classifier_is_not_drawn_anew(tmp_path: Path) -> None:
    folder = save_base(tmp_path / "distilbert", "distilbert")
    AutoModelForSequenceClassification.from_pretrained(folder, num_labels=5).save_pretrained(folder)
    assert not reads_only_embeddings(open_base(str(folder), LABELS))
