"""Fused models compute what they did before: in fp32, the same loss and gradients, for every method and base."""

from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel, get_peft_model_state_dict, set_peft_model_state_dict
from torch.nn.functional import binary_cross_entropy_with_logits

from emocore.models import build
from emocore.models.build import build_model
from emocore.models.fused.functions import Dropout, draw_kept
from emocore.models.resolve import resolve
from emocore.run.config import RunConfig
from tests.support.live_runs import quick_settings

LABELS = ("anger", "joy", "sadness")
TEXTS = ["so happy", "nobody told me, and now I stand here in the rain, waiting for a bus that does not come", "😡"]
TRAINED = ("modules_to_save", "lora_A", "lora_B", "ia3_l")
METHODS = ("lora", "ia3", "qlora", "head")
BASES = ("tiny_bert", "tiny_llama", "tiny_gemma", "tiny_qwen2")
TRUTH = torch.tensor([[0.0, 1, 0], [1, 0, 1], [1, 0, 0]])


@pytest.fixture(params=BASES)
def base(request: pytest.FixtureRequest) -> Path:
    folder: Path = request.getfixturevalue(request.param)
    return folder


def make(base: Path, method: str, bf16: bool = False, **settings: Any) -> tuple[PeftModel, dict[str, torch.Tensor]]:
    """A model whose adapter is not at its start, where LoRA's B and with it the gradient of A are 0, and its texts."""
    config = RunConfig(**quick_settings(Path("unused.csv"), method=method, base=str(base), **settings))
    torch.manual_seed(1)
    model, loaded = build_model(resolve(config)[0], LABELS, "cpu", "bf16" if bf16 else "fp32")
    for name, parameter in model.named_parameters():
        if parameter.requires_grad and "modules_to_save" not in name:
            parameter.data += 0.1 * torch.randn_like(parameter)
    return model, dict(loaded.tokenizer(TEXTS, padding=True, return_tensors="pt"))


def make_unfused(patch: pytest.MonkeyPatch, *arguments: Any, **settings: Any) -> PeftModel:
    with patch.context() as context:
        context.setattr(build, "fuse", lambda model, family: None)
        return make(*arguments, **settings)[0]


def step(model: PeftModel, texts: dict[str, torch.Tensor]) -> tuple[float, dict[str, torch.Tensor]]:
    """The loss, and the gradient of each trained parameter."""
    is_bf16 = any(parameter.dtype == torch.bfloat16 for parameter in model.parameters())
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=is_bf16):
        logits = model(**texts).logits
    loss = binary_cross_entropy_with_logits(logits.float(), TRUTH)
    loss.backward()
    return loss.item(), {name: p.grad for name, p in model.named_parameters() if p.grad is not None}


def assert_same_step(model: PeftModel, other: PeftModel, texts: dict[str, torch.Tensor]) -> None:
    (loss, gradients), (other_loss, other_gradients) = step(model, texts), step(other, texts)
    assert loss == pytest.approx(other_loss, abs=1e-5)
    assert gradients.keys() == other_gradients.keys() == {n for n, p in model.named_parameters() if p.requires_grad}
    for name, gradient in gradients.items():
        torch.testing.assert_close(gradient, other_gradients[name], atol=1e-5, rtol=1e-5, msg=name)
        assert gradient.abs().max() > 1e-6, name


@pytest.mark.parametrize("method", METHODS)
def test_loss_and_every_gradient_are_those_of_the_unfused_step(
    base: Path, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, texts = make(base, method)
    other = make_unfused(monkeypatch, base, method)
    assert_same_step(model.eval(), other.eval(), texts)  # without dropout, which draws other numbers


def names_of_steps(result: torch.Tensor) -> set[str]:
    """The classes of all steps that led to a result and have a gradient."""
    names, left, seen = set(), [result.grad_fn], set()
    while left:
        node = left.pop()
        if node is not None and node not in seen:
            seen.add(node)
            names.add(type(node).__name__.removesuffix("Backward"))
            left += [before for before, _ in node.next_functions]
    return names


@pytest.mark.parametrize(
    ("base", "fused"),
    [
        ("tiny_bert", {"_Product", "Attention", "Dropout"}),
        ("tiny_llama", {"_Product", "Attention", "RootMeanSquareNorm", "GatedUnit"}),
        ("tiny_qwen2", {"_Product", "Attention", "RootMeanSquareNorm", "GatedUnit"}),
        ("tiny_gemma", {"_Product"}),
    ],
)
def test_the_steps_of_known_layers_are_fused(base: str, fused: set[str], request: pytest.FixtureRequest) -> None:
    model, texts = make(request.getfixturevalue(base), "lora")
    names = names_of_steps(model.train()(**texts).logits)
    assert names & {"_Product", "Attention", "Dropout", "RootMeanSquareNorm", "GatedUnit"} == fused


@pytest.mark.parametrize("method", ["lora", "ia3"])
def test_padding_changes_no_answer(base: Path, method: str) -> None:
    model, texts = make(base, method)
    model.eval()
    alone = {name: values[:1, : int(texts["attention_mask"][0].sum())] for name, values in texts.items()}
    with torch.inference_mode():
        torch.testing.assert_close(model(**alone).logits[0], model(**texts).logits[0], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_parameters_keep_their_names_and_values(base: Path, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    own = make(base, method)[0].state_dict()
    other = make_unfused(monkeypatch, base, method).state_dict()
    assert own.keys() == other.keys()
    for name, tensor in own.items():
        is_given_up = bool(tensor.isnan().all())  # for packed copies
        assert not is_given_up or (tensor.ndim == 2 and set(TRAINED).isdisjoint(name.split("."))), name
        assert is_given_up or torch.equal(tensor, other[name]), name


@pytest.mark.parametrize("lora_dropout", [0.0, 0.1])
def test_answers_follow_each_step_of_the_optimizer_and_each_loaded_adapter(base: Path, lora_dropout: float) -> None:
    model, texts = make(base, "lora", lora_dropout=lora_dropout)
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=0.1, fused=True)
    before = get_peft_model_state_dict(model)
    before = {name: tensor.clone() for name, tensor in before.items()}
    answers = [answer(model, texts)]
    for _ in range(2):
        step(model.train(), texts)
        optimizer.step()
        answers.append(answer(model, texts))
    set_peft_model_state_dict(model, before)
    answers.append(answer(model, texts))
    assert not torch.allclose(answers[0], answers[1], atol=1e-3)
    assert not torch.allclose(answers[1], answers[2], atol=1e-3)
    torch.testing.assert_close(answers[0], answers[3], atol=1e-6, rtol=1e-6)


def answer(model: PeftModel, texts: dict[str, torch.Tensor]) -> torch.Tensor:
    model.eval()
    with torch.inference_mode():
        logits: torch.Tensor = model(**texts).logits
    return logits


def test_lora_dropout_is_left_to_peft_while_it_is_active(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, texts = make(base, "lora", lora_dropout=0.5)
    other = make_unfused(monkeypatch, base, "lora", lora_dropout=0.5)
    assert_same_step(model.eval(), other.eval(), texts)
    for name, module in model.named_modules():
        module.training = name.endswith("lora_dropout.default")
    answers = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        answers.append(model(**texts).logits)
    assert torch.equal(answers[0], answers[1]) and not torch.allclose(answers[0], answers[2], atol=1e-3)


def test_checkpointed_activations_give_the_same_step(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, texts = make(base, "lora", gradient_checkpointing=True)
    other = make_unfused(monkeypatch, base, "lora")
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    model.train()  # or nothing is checkpointed
    assert_same_step(model, other.eval(), texts)


def test_bf16_steps_are_near_those_of_fp32(base: Path) -> None:
    model, texts = make(base, "lora", bf16=True)
    exact, _ = make(base, "lora")
    loss, gradients = step(model.eval(), texts)
    exact_loss, exact_gradients = step(exact.eval(), texts)
    assert loss == pytest.approx(exact_loss, rel=0.05)
    assert {gradient.dtype for gradient in gradients.values()} == {torch.float32}
    own = torch.cat([gradient.flatten() for gradient in gradients.values()])
    others = torch.cat([gradient.flatten() for gradient in exact_gradients.values()])
    assert torch.cosine_similarity(own, others, dim=0) > 0.98


def test_a_share_of_the_values_is_dropped_and_the_others_make_up_for_it() -> None:
    torch.manual_seed(0)
    kept = draw_kept(torch.empty(301, 1001), 0.1)
    torch.testing.assert_close(kept.unique(), torch.tensor([0, 1 / 0.9]))
    assert (kept == 0).float().mean().item() == pytest.approx(0.1, abs=0.002)
    assert kept.mean(dim=0).std() < 0.03 and kept.mean(dim=1).std() < 0.02  # no row or column stands out


def test_what_is_dropped_follows_from_the_state_of_torch() -> None:
    drawn = []
    for _ in range(2):
        torch.manual_seed(7)
        drawn.append([draw_kept(torch.empty(33, 5), 0.5) for _ in range(2)])
    assert torch.equal(drawn[0][0], drawn[1][0]) and torch.equal(drawn[0][1], drawn[1][1])
    assert not torch.equal(drawn[0][0], drawn[0][1])


def test_dropped_values_have_no_gradient() -> None:
    x = torch.ones(50, 4, requires_grad=True)
    y = Dropout.apply(x, 0.5)
    y.sum().backward()
    assert torch.equal(x.grad, y) and 0 in y
