"""A head answers from embeddings as it does on its whole base, for every family."""

import copy
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from datasets import Dataset, DatasetDict
from transformers import AutoTokenizer, RobertaConfig, RobertaModel

from emocore.data.encode import encode_texts
from emocore.data.source import STARTER_FILE
from emocore.models.adapter import Precision
from emocore.models.answers import DTYPES
from emocore.models.build import LoadedBase, OpenedBase, load_weights, open_base
from emocore.models.embedding_cache import EmbeddingCache, Embeddings, hash_tokens
from emocore.models.embeddings import Embedder, build_on_embeddings, describe_computation, number_texts
from tests.support.tiny_models import HIDDEN, VOCABULARY, save_tiny_bert

LABELS = ("anger", "joy", "sadness")
BASES = ("tiny_bert", "stock_bert", "tiny_llama", "tiny_gemma", "tiny_qwen2", "tiny_roberta")


@pytest.fixture(scope="session")
def stock_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """BERT with its own pooler, and dropout before its head."""
    return save_tiny_bert(tmp_path_factory.mktemp("bases") / "stock-bert", mean_pooling=False)


@pytest.fixture(scope="session")
def tiny_roberta(tmp_path_factory: pytest.TempPathFactory, stock_bert: Path) -> Path:
    """A base whose head has two layers, with dropout before each."""
    folder = tmp_path_factory.mktemp("bases") / "tiny-roberta"
    torch.manual_seed(20)
    RobertaModel(
        RobertaConfig(
            vocab_size=VOCABULARY, hidden_size=HIDDEN, num_hidden_layers=2, num_attention_heads=4,
            intermediate_size=2 * HIDDEN, max_position_embeddings=130, initializer_range=0.1, pad_token_id=0,
        ),
        add_pooling_layer=False,
    ).save_pretrained(folder)  # fmt: skip
    AutoTokenizer.from_pretrained(stock_bert).save_pretrained(folder)
    return folder


@pytest.fixture(params=BASES)
def opened(request: pytest.FixtureRequest) -> OpenedBase:
    return open_base(str(request.getfixturevalue(request.param)), LABELS)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOCORE_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return [*pd.read_csv(STARTER_FILE)["Tweet"].tolist()[:30], "ok", "so happy"]


def load(opened: OpenedBase, precision: Precision = "fp32") -> LoadedBase:
    torch.manual_seed(3)
    return load_weights(opened, "cpu", DTYPES[precision], quantized=False)


def encode(opened: OpenedBase, texts: list[str]) -> list[list[int]]:
    ids: list[list[int]] = encode_texts(texts, opened.tokenizer, 64)["input_ids"]
    if opened.base.pooling == "last":
        ids.append([*ids[-1], opened.tokenizer.pad_token_id])  # a text that says what pads others
    return ids


def keep(token_ids: list[list[int]], vectors: np.ndarray) -> Embeddings:
    cache, names = EmbeddingCache({}), [hash_tokens(ids) for ids in token_ids]
    with cache.lock():
        missing = cache.find_missing(names)
        cache.add([names[number] for number in missing], vectors[missing], np.ones(len(missing)), 1)
    return cache.get(names)


def answer(model: torch.nn.Module, input_ids: list[list[int]]) -> np.ndarray:
    ids = torch.tensor(input_ids)
    in_bf16 = torch.autocast("cpu", torch.bfloat16, enabled=getattr(model, "dtype", None) == torch.bfloat16)
    with torch.inference_mode(), in_bf16:
        answers: np.ndarray = model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits.float().numpy()
    return answers


@pytest.mark.parametrize(("precision", "rounding"), [("fp32", 1e-5), ("bf16", 0.1)])
def test_a_head_answers_from_embeddings_as_on_its_base(
    opened: OpenedBase, texts: list[str], precision: Precision, rounding: float
) -> None:
    token_ids, whole = encode(opened, texts), load(opened, precision)
    expected = np.concatenate([answer(whole.model.eval(), [ids]) for ids in token_ids])
    vectors, seconds = Embedder(load(opened, precision), precision).embed(token_ids)
    assert vectors.shape == (len(token_ids), HIDDEN) and vectors.dtype == np.float32
    assert (seconds > 0).all()
    stand_in = build_on_embeddings(opened, keep(token_ids, vectors), "cpu").model.eval()
    family = opened.base.family
    getattr(stand_in, family.head).load_state_dict(getattr(whole.model, family.head).state_dict())
    found = answer(stand_in, [[number] for number in range(len(token_ids))])
    np.testing.assert_allclose(found, expected, atol=rounding)
    assert found.std() > 3 * rounding


def test_an_embedding_does_not_depend_on_its_company(opened: OpenedBase, texts: list[str]) -> None:
    token_ids, embedder = encode(opened, texts), Embedder(load(opened), "fp32")
    together, _ = embedder.embed(token_ids)
    alone = np.concatenate([embedder.embed([ids])[0] for ids in token_ids])
    np.testing.assert_allclose(alone, together, atol=1e-5)


def test_the_stand_in_has_no_weights_but_a_new_head_that_the_seed_draws(opened: OpenedBase) -> None:
    embeddings = keep([[1], [2]], np.ones((2, HIDDEN), np.float32))

    def draw(seed: int) -> dict[str, torch.Tensor]:
        torch.manual_seed(seed)
        return dict(build_on_embeddings(opened, embeddings, "cpu").model.named_parameters())

    first, again, other = draw(1), draw(1), draw(2)
    whole = dict(load(opened).model.named_parameters())
    assert set(first) == {name for name in whole if name.startswith(opened.base.family.head)}
    for name, weight in first.items():
        assert torch.equal(weight, again[name])
        if weight.ndim == 2:
            assert not torch.equal(weight, other[name])
            assert 0.5 < weight.std() / whole[name].std() < 2
        else:
            assert not weight.any()


def test_the_head_of_a_base_that_was_stored_in_bf16_is_drawn_in_fp32(opened: OpenedBase) -> None:
    opened = replace(opened, config=copy.deepcopy(opened.config))
    opened.config.dtype = torch.bfloat16
    model = build_on_embeddings(opened, keep([[1], [2]], np.ones((2, HIDDEN), np.float32)), "cpu").model
    assert {weight.dtype for weight in model.parameters()} == {torch.float32}


def test_only_dropout_of_the_head_is_active(opened: OpenedBase, texts: list[str]) -> None:
    token_ids = encode(opened, texts[:4])
    embeddings = keep(token_ids, Embedder(load(opened), "fp32").embed(token_ids)[0])
    model = build_on_embeddings(opened, embeddings, "cpu").model.train()
    numbers = [[number] for number in range(4)]
    varies = not np.array_equal(answer(model, numbers), answer(model, numbers))
    assert varies == (opened.base.pooling == "stock")


def test_a_bf16_base_gives_embeddings_that_bf16_can_hold(tiny_bert: Path, texts: list[str]) -> None:
    opened = open_base(str(tiny_bert), LABELS)
    token_ids = encode(opened, texts)
    exact, (vectors, _) = (
        Embedder(load(opened), "fp32").embed(token_ids)[0],
        Embedder(load(opened, "bf16"), "bf16").embed(token_ids),
    )
    np.testing.assert_array_equal(torch.from_numpy(vectors).bfloat16().float().numpy(), vectors)
    assert 0 < np.abs(vectors - exact).max() < 0.2


def test_texts_are_numbered_through_all_splits() -> None:
    part = {"row_id": ["a", "b"], "input_ids": [[5, 6], [7]], "attention_mask": [[1, 1], [1]], "length": [2, 1]}
    labels = {"labels": [[1.0], [0.0]]}
    data = number_texts(DatasetDict({name: Dataset.from_dict(part | labels) for name in ("train", "validation")}))
    assert data["train"]["input_ids"] == [[0], [1]]
    assert data["validation"][:] == {"input_ids": [[2], [3]], "attention_mask": [[1], [1]], "length": [1, 1], **labels}


def test_all_that_changes_an_embedding_is_part_of_its_name(tiny_bert: Path, tiny_llama: Path, tmp_path: Path) -> None:
    opened = open_base(str(tiny_bert), LABELS)

    def describe(base: OpenedBase = opened, digest: str = "d", precision: str = "fp32", length: int = 64) -> str:
        return str(describe_computation(base, digest, "cpu", precision, length))

    same = [describe(), describe(open_base(str(tiny_bert), ("other", "labels")))]
    others = [
        describe(digest="e"),
        describe(precision="bf16"),
        describe(length=32),
        describe(open_base(str(tiny_llama), LABELS)),
    ]
    [weights] = tiny_bert.glob("*.safetensors")
    before = weights.stat()
    os.utime(weights, ns=(before.st_atime_ns, before.st_mtime_ns + 1000))
    others.append(describe())
    os.utime(weights, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert len(set(same)) == 1
    assert len({*same, *others}) == 6
