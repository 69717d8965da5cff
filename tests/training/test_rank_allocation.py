"""AdaLoRA's ranks and penalty on a tiny model. `test_every_method.py` trains, kills, resumes and reloads it."""

from pathlib import Path
from typing import Any

import pytest
import torch

from emocore.models.build import build_model
from emocore.models.resolve import resolve
from emocore.run.config import RunConfig
from emocore.training.rank_allocation import RankAllocation
from tests.support.live_runs import quick_settings

STEPS, RANK, LAYERS = 20, 4, 14


@pytest.fixture
def model(tiny_llama: Path) -> Any:
    settings = quick_settings(Path("unused.csv"), method="adalora", base=str(tiny_llama), lora_rank=RANK)
    torch.manual_seed(1)
    return build_model(resolve(RunConfig(**settings))[0], ("anger", "joy"), "cpu", "fp32")[0]


def train(model: Any, allocation: RankAllocation, first: int, last: int) -> None:
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
    for step in range(first, last + 1):
        torch.manual_seed(step)
        ids = torch.randint(5, 100, (4, 9))
        (model(input_ids=ids).logits.square().mean() + allocation.penalty()).backward()
        optimizer.step()
        allocation.update(step)
        optimizer.zero_grad()


def pattern_of(model: Any) -> dict[str, list[bool]]:
    return dict(model.peft_config["default"].rank_pattern or {})


def test_the_penalty_is_what_peft_adds_to_a_loss(model: Any) -> None:
    allocation = RankAllocation(model, STEPS)
    labels = torch.ones(3, 2)
    outputs = model(input_ids=torch.randint(5, 100, (3, 9)), labels=labels)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(outputs.logits, labels)
    torch.testing.assert_close(outputs.loss, loss + allocation.penalty())


def test_it_begins_with_more_ranks_and_ends_with_as_many_as_asked_for(model: Any) -> None:
    train(model, RankAllocation(model, STEPS), 1, STEPS)
    pattern = pattern_of(model)
    assert {len(kept) for kept in pattern.values()} == {RANK * 3 // 2} and len(pattern) == LAYERS
    assert sum(map(sum, pattern.values())) == RANK * LAYERS
    for name, parameter in model.base_model.model.named_parameters():
        if name in pattern:
            assert not parameter[~torch.tensor(pattern[name])].any(), "a removed rank has an effect"


@pytest.mark.parametrize("steps", [1, 2, 3, 5])
def test_a_training_of_few_steps_has_ranks_to_remove_as_well(model: Any, steps: int) -> None:
    train(model, RankAllocation(model, steps), 1, steps)


def test_what_is_stored_decides_which_ranks_go_next(model: Any, tmp_path: Path) -> None:
    allocation = RankAllocation(model, STEPS)
    train(model, allocation, 1, 8)
    allocation.save(tmp_path)
    weights = {name: p.detach().clone() for name, p in model.named_parameters()}
    train(model, allocation, 9, 14)
    expected = pattern_of(model)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(weights[name])
    restored = RankAllocation(model, STEPS)
    restored.restore(tmp_path)
    train(model, restored, 9, 14)
    assert pattern_of(model) == expected
