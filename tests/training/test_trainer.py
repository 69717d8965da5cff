"""Emocore's additions to Hugging Face's Trainer: batches, two learning rates, a clock, and no surprises."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from datasets import Dataset
from transformers import TrainerCallback, set_seed

from emocore.data.encode import encode_splits
from emocore.data.split import load_splits
from emocore.errors import RunError
from emocore.metrics import score_multilabel, sigmoid
from emocore.models.answers import compute_logits
from emocore.models.build import LoadedBase, build_model
from emocore.models.resolve import resolve
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.training.batches import make_collator
from emocore.training.callbacks import SaveCheckpoints
from emocore.training.loss import MultiLabelLoss, build_loss
from emocore.training.trainer import EmotionTrainer, training_arguments
from tests.support.live_runs import quick_settings

NEURAL = ["lora", "ia3", "qlora"]


class Seen(TrainerCallback):
    """Keeps Trainer's log."""

    def __init__(self) -> None:
        self.logs: list[dict[str, float]] = []

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **kwargs: Any) -> None:
        self.logs.append({"step": state.global_step, **(logs or {})})

    def values(self, name: str) -> list[float]:
        return [log[name] for log in self.logs if name in log]


class RecordingTrainer(EmotionTrainer):
    """Keeps the row numbers of each batch."""

    def training_step(self, model: Any, inputs: dict[str, Any], *args: Any, **kwargs: Any) -> torch.Tensor:
        self.batches = [*getattr(self, "batches", []), inputs["input_ids"].sum(1).tolist()]
        return super().training_step(model, inputs, *args, **kwargs)


MakeTrainer = Callable[..., tuple[RecordingTrainer, Seen]]


@pytest.fixture
def make_trainer(tmp_path: Path, small_csv: Path, tiny_bert: Path, tiny_llama: Path) -> MakeTrainer:
    """A trainer as `neural.train` makes it; `rows_of_train` cuts the training data to its first rows, and `scored`
    is the split that is evaluated."""
    bases = {"bert": tiny_bert, "llama": tiny_llama}

    def make(
        base: str = "llama", rows_of_train: int | None = None, scored: str = "validation", **settings: Any
    ) -> tuple[RecordingTrainer, Seen]:
        config, _ = resolve(RunConfig(**quick_settings(small_csv, base=str(bases[base]), **settings)))
        set_seed(config.seed)
        splits = load_splits(config)
        model, loaded = build_model(config, splits.labels, "cpu", config.precision)
        data = encode_splits(splits, loaded.tokenizer, config.max_length)
        train = data["train"].select(range(rows_of_train or len(data["train"])))
        return assemble(config, model, loaded, train, data[scored], build_loss(config, splits)), seen[-1]

    seen: list[Seen] = []

    def assemble(
        config: RunConfig, model: Any, loaded: LoadedBase, train: Dataset, held: Dataset, loss: MultiLabelLoss
    ) -> RecordingTrainer:
        seen.append(Seen())
        return RecordingTrainer(
            run_config=config,
            lengths=train["length"],
            new_modules=loaded.new_modules,
            model=model,
            args=training_arguments(config, str(tmp_path / f"out{len(seen)}"), len(train), "cpu", config.precision),
            train_dataset=train,
            eval_dataset=held,
            loss=loss,
            data_collator=make_collator(loaded.model, loaded.tokenizer, config.max_length),
            callbacks=[seen[-1]],
        )

    return make


@pytest.mark.parametrize("method", NEURAL)
def test_adapter_and_head_each_get_their_learning_rate(make_trainer: MakeTrainer, method: str) -> None:
    trainer, _ = make_trainer(method=method, learning_rate=0.003, head_learning_rate=0.02)
    optimizer = trainer.create_optimizer()
    names = {id(p): name for name, p in trainer.model.named_parameters() if p.requires_grad}
    rates = {names[id(p)]: group["lr"] for group in optimizer.param_groups for p in group["params"]}
    assert set(rates) == set(names.values())
    assert sum(len(group["params"]) for group in optimizer.param_groups) == len(names)
    for name, rate in rates.items():
        assert rate == (0.02 if "score" in name else 0.003), name


def test_lora_plus_has_a_higher_rate_for_the_matrices_that_start_at_zero(make_trainer: MakeTrainer) -> None:
    trainer, _ = make_trainer(method="lora-plus", learning_rate=0.003, head_learning_rate=0.02, lora_plus_ratio=4)
    optimizer = trainer.create_optimizer()
    rates = {id(p): group["lr"] for group in optimizer.param_groups for p in group["params"]}
    for name, parameter in trainer.model.named_parameters():
        if "lora_B" in name:
            assert (parameter.abs().max(), rates[id(parameter)]) == (0, 0.012)
        elif "lora_A" in name:
            assert rates[id(parameter)] == 0.003


def test_both_rates_rise_and_fall_together(make_trainer: MakeTrainer) -> None:
    trainer, seen = make_trainer(learning_rate=0.003, head_learning_rate=0.02, epochs=4, warmup_share=0.25)
    trainer.train()
    groups = trainer.optimizer.param_groups
    rates = seen.values("learning_rate")
    assert max(rates) == pytest.approx(0.003)
    assert rates.index(max(rates)) / len(rates) == pytest.approx(0.25, abs=0.1)
    assert rates[-1] < 0.1 * max(rates)
    assert {group["initial_lr"] for group in groups} == {0.003, 0.02}


def test_biases_and_rescaling_vectors_are_not_decayed(make_trainer: MakeTrainer) -> None:
    """IA3's vectors begin at 1, and 1 means no change: decay would pull the base's activations towards zero."""
    trainer, _ = make_trainer(base="bert", method="ia3", weight_decay=0.1)
    names = {id(p): name for name, p in trainer.model.named_parameters()}
    decayed = [names[id(p)] for g in trainer.create_optimizer().param_groups if g["weight_decay"] for p in g["params"]]
    assert decayed and all(name.endswith("classifier.modules_to_save.default.weight") for name in decayed), decayed


def test_every_epoch_draws_its_own_batches_of_all_rows(make_trainer: MakeTrainer) -> None:
    trainer, _ = make_trainer(epochs=3, batch_size=8)
    trainer.train()
    per_epoch = len(trainer.batches) // 3
    epochs = [trainer.batches[i * per_epoch : (i + 1) * per_epoch] for i in range(3)]
    rows = [sum(len(batch) for batch in epoch) for epoch in epochs]
    assert rows == [84, 84, 84]
    assert epochs[0] != epochs[1] != epochs[2] != epochs[0]


def test_two_half_batches_accumulated_make_the_step_of_a_whole_one(make_trainer: MakeTrainer) -> None:
    whole, seen_whole = make_trainer(rows_of_train=32, batch_size=32, epochs=3, warmup_share=0)
    halves, seen_halves = make_trainer(
        rows_of_train=32, batch_size=16, gradient_accumulation_steps=2, epochs=3, warmup_share=0
    )
    whole.train()
    halves.train()
    assert (len(whole.batches), len(halves.batches)) == (3, 6)
    for name in ("loss", "grad_norm", "learning_rate"):
        assert seen_halves.values(name) == pytest.approx(seen_whole.values(name), rel=1e-3), name
    assert len(seen_whole.values("loss")) == 3


def test_training_loss_and_validation_loss_are_on_one_scale(make_trainer: MakeTrainer) -> None:
    """With rates of next to nothing and all rows in a batch, the two are means over rows and labels alike."""
    trainer, seen = make_trainer(scored="train", epochs=1, batch_size=84, learning_rate=1e-12, head_learning_rate=1e-12)
    trainer.train()
    [loss] = seen.values("loss")
    assert seen.values("eval_loss") == pytest.approx([loss], rel=1e-3)


@pytest.mark.parametrize("settings", [{"positive_weight": "anger:50"}, {"loss": "focal"}])
def test_another_loss_changes_the_training_and_its_loss_but_not_what_the_validation_loss_is(
    make_trainer: MakeTrainer, settings: dict[str, str]
) -> None:
    still = {"epochs": 1, "batch_size": 84, "learning_rate": 1e-12, "head_learning_rate": 1e-12}
    (plain, seen_plain), (other, seen_other) = make_trainer(**still), make_trainer(**still, **settings)
    plain.train()
    other.train()
    [loss], [other_loss] = seen_plain.values("loss"), seen_other.values("loss")
    assert abs(other_loss - loss) > 0.1
    assert seen_other.values("eval_loss") == pytest.approx(seen_plain.values("eval_loss"), rel=1e-6)
    moved, _ = make_trainer(epochs=1, rows_of_train=32, **settings)
    unmoved, _ = make_trainer(epochs=1, rows_of_train=32)
    for trainer in (moved, unmoved):
        trainer.train()
    scores = [dict(trainer.model.named_parameters()) for trainer in (moved, unmoved)]
    assert any(not torch.equal(scores[0][name], scores[1][name]) for name in scores[0])


@pytest.mark.parametrize("method", NEURAL)
@pytest.mark.parametrize("base", ["llama", "bert"])
def test_an_evaluation_in_between_changes_nothing_in_the_training(
    make_trainer: MakeTrainer, method: str, base: str
) -> None:
    trainer, _ = make_trainer(base=base, method=method, lora_dropout=0.0 if "lora" in method else None)
    model = trainer.model
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    torch.manual_seed(4)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:  # they begin at zero, and with them the gradients of their partners
            torch.nn.init.normal_(parameter, std=0.1)
    batch = next(iter(trainer.get_train_dataloader()))

    def gradients() -> dict[str, torch.Tensor]:
        model.train()
        model.zero_grad()
        trainer.compute_loss(model, dict(batch)).backward()
        return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}

    before = gradients()
    trainer.evaluate()
    after = gradients()
    assert after.keys() == before.keys() and len(before) > 1 - (method == "head")
    for name, gradient in before.items():
        torch.testing.assert_close(after[name], gradient, msg=lambda words, name=name: f"{name}: {words}")


def test_steps_are_counted_as_trainer_counts_them(make_trainer: MakeTrainer) -> None:
    """The warm-up is set in steps, so both must agree on how many there are: here with a remainder at each level."""
    trainer, seen = make_trainer(rows_of_train=33, batch_size=4, gradient_accumulation_steps=2, epochs=2)
    trainer.train()
    assert trainer.state.max_steps == trainer.state.global_step == 10
    assert trainer.args.warmup_steps == 1
    assert len(seen.values("loss")) == 10
    assert trainer.samples_seen == pytest.approx(66)


def test_max_steps_end_the_training_in_the_middle_of_an_epoch(make_trainer: MakeTrainer) -> None:
    trainer, _ = make_trainer(rows_of_train=40, batch_size=8, epochs=3, max_steps=7)
    trainer.train()
    assert trainer.state.global_step == 7
    assert trainer.samples_seen == pytest.approx(56)


def test_a_run_whose_folder_was_removed_ends_and_does_not_make_it_again(
    make_trainer: MakeTrainer, tmp_path: Path
) -> None:
    trainer, _ = make_trainer()
    run = RunFolder(tmp_path / "removed")
    trainer.add_callback(SaveCheckpoints(trainer, run))
    with pytest.raises(RunError, match="run removed: its folder was removed while it trained"):
        trainer.train()
    assert not run.path.exists()


def test_the_clock_leaves_the_evaluations_out(make_trainer: MakeTrainer, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer, _ = make_trainer(rows_of_train=20, epochs=2)
    pause = 0.5

    def slow(*args: Any) -> np.ndarray:
        time.sleep(pause)
        return compute_logits(*args)

    monkeypatch.setattr("emocore.training.trainer.compute_logits", slow)
    began = time.monotonic()
    trainer.train_or_resume()
    assert time.monotonic() - began - trainer.train_seconds > 2 * pause


def test_the_metrics_of_an_evaluation_are_those_of_all_rows_at_the_threshold(make_trainer: MakeTrainer) -> None:
    trainer, _ = make_trainer(epochs=1, threshold=0.4)
    measured = trainer.evaluate()
    logits = compute_logits(trainer.model, trainer.eval_dataset.to_dict(), "fp32")
    expected = score_multilabel(np.array(trainer.eval_dataset["labels"]), (sigmoid(logits) >= 0.4).astype(int))
    assert len(logits) == 18
    for name, value in expected.items():
        assert measured[f"eval_{name}"] == pytest.approx(value), name


def test_every_module_trains_from_the_first_step_on_and_answers_leave_it_so(make_trainer: MakeTrainer) -> None:
    trainer, _ = make_trainer("bert", method="lora")
    seen = []

    class Look(TrainerCallback):
        def on_step_end(self, *args: Any, **kwargs: Any) -> None:
            seen.append({module.training for module in trainer.model.modules()})

    trainer.add_callback(Look())
    trainer.train()
    assert len(seen) > 2 and all(modes == {True} for modes in seen)
    trainer.model.eval()
    assert {module.training for module in trainer.model.modules()} == {False}
