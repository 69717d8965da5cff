"""Which epoch is the best of a training, when patience ends it, and what a checkpoint keeps of it."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import TrainerState

from emocore.run.config import RunConfig
from emocore.training.epoch_choice import EpochChoice

LOGITS = np.arange(6, dtype=np.float32).reshape(3, 2)


def make_model() -> torch.nn.Module:
    """A frozen layer, a trained one and a trained normalisation."""
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2), torch.nn.LayerNorm(2))
    model[0].requires_grad_(False)
    return model


def fill(model: torch.nn.Module, number: float) -> None:
    for parameter in model.parameters():
        torch.nn.init.constant_(parameter, number)


def train(values: list[float], model: torch.nn.Module, choice: EpochChoice, begun: int = 0) -> TrainerState:
    """Epochs of 10 steps with these values of the metric, after which every weight and logit tells the epoch, until
    patience ends them."""
    state = TrainerState(max_steps=10 * (begun + len(values)))
    for epoch, value in enumerate(values, start=begun + 1):
        fill(model, epoch)
        state.global_step, state.epoch = 10 * epoch, float(epoch)
        scores = {"f1_macro": value, "loss": value}
        choice.judge(state, scores, LOGITS + epoch, model)
        if choice.is_over:
            break
    return state


def make_choice(**settings: Any) -> EpochChoice:
    return EpochChoice(RunConfig(keep="best", **settings))


@pytest.mark.parametrize(
    ("values", "metric", "kept"),
    [
        ([0.1, 0.3, 0.2], "f1_macro", 2),
        ([0.1, 0.3, 0.3], "f1_macro", 2),
        ([0.4, 0.3, 0.35], "loss", 2),
        ([math.nan, 0.0, 0.0], "f1_macro", 2),
        ([math.nan, 5.0, math.inf], "loss", 2),
        ([0.2, math.nan, 0.1], "loss", 3),
        ([math.nan, math.nan], "loss", 1),
    ],
)
def test_the_first_epoch_with_the_best_value_is_kept(values: list[float], metric: str, kept: int) -> None:
    choice, model = make_choice(keep_metric=metric), make_model()
    train(values, model, choice)
    assert choice.best and (choice.best.epoch, choice.best.step) == (kept, 10 * kept)


def test_the_model_gets_all_its_trained_weights_back() -> None:
    choice, model = make_choice(), make_model()
    state = train([0.1, 0.3, 0.2], model, choice)
    chosen = choice.conclude(model, state)
    assert set(model[0].weight.flatten().tolist()) == {3.0}, "it is frozen, so nobody changes it"
    assert {value for part in model[1:] for p in part.parameters() for value in p.flatten().tolist()} == {2.0}
    np.testing.assert_array_equal(chosen.validation_logits, LOGITS + 2)
    assert chosen.kept.value == 0.3
    assert str(chosen.kept) == "Epoch 2 of 3 was kept, which is the best by validation macro-F1: 0.300."


@pytest.mark.parametrize(("patience", "trained"), [(0, 6), (1, 3), (2, 4), (3, 6), (9, 6)])
def test_patience_counts_the_epochs_since_the_best(patience: int, trained: int) -> None:
    choice, model = make_choice(patience=patience), make_model()
    state = train([0.1, 0.3, 0.2, 0.2, 0.4, 0.1], model, choice)
    assert state.epoch == trained


def test_an_end_by_patience_is_told() -> None:
    choice, model = make_choice(keep_metric="loss", patience=2), make_model()
    kept = choice.conclude(model, train([0.5, 0.4, 0.6, 0.7, 0.1], model, choice)).kept
    assert (kept.epoch, kept.trained_epochs, kept.planned_epochs) == (2, 4, 5)
    assert str(kept) == (
        "Epoch 2 of 5 was kept, which is the best by validation loss: 0.400. Patience ended the training after epoch "
        "4, since 2 epochs in a row brought nothing better."
    )


def test_a_part_of_an_epoch_is_told_as_one() -> None:
    choice, model = make_choice(), make_model()
    state = TrainerState(max_steps=14, global_step=14, epoch=14 / 11)
    choice.judge(state, {"f1_macro": 0.5}, LOGITS, model)
    told = str(choice.conclude(model, state).kept)
    assert told == "Epoch 1.27 of 1.27 was kept, which is the best by validation macro-F1: 0.500."


@pytest.mark.parametrize("before", range(5))
def test_a_choice_that_goes_on_from_a_checkpoint_ends_as_the_whole_one(tmp_path: Path, before: int) -> None:
    values = [math.nan, 0.3, 0.2, 0.1, 0.05, 0.9]
    whole, model = make_choice(patience=3), make_model()
    expected = whole.conclude(model, train(values, model, whole))
    first = make_choice(patience=3)
    train(values[:before], make_model(), first)
    first.save(tmp_path)
    assert bool(list(tmp_path.iterdir())) == (before > 0)
    second, resumed = make_choice(patience=3), make_model()
    second.restore(tmp_path, first.best)
    assert not second.is_over
    found = second.conclude(resumed, train(values[before:], resumed, second, begun=before))
    assert found.kept.model_dump(exclude={"planned_epochs"}) == expected.kept.model_dump(exclude={"planned_epochs"})
    np.testing.assert_array_equal(found.validation_logits, expected.validation_logits)
    for one, other in zip(resumed[1:].parameters(), model[1:].parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)
