"""The forecast beside a plan: the largest run, its texts, and what to change if too little memory is free."""

from pathlib import Path

import pandas as pd
import pytest

from emocore.data.split import load_splits
from emocore.jobs import memory
from emocore.jobs.memory import forecast_plan, longest_tokens
from emocore.models.resolve import resolve
from emocore.run.config import RunConfig

GB = 10**9


def plan(monkeypatch: pytest.MonkeyPatch, free: int | None, *settings: dict[str, object]) -> memory.Forecast | None:
    monkeypatch.setattr(memory, "free_bytes", lambda: free)
    configs = [resolve(RunConfig(**own))[0] for own in settings]  # type: ignore[arg-type]
    return forecast_plan(configs, load_splits(configs[0]))


def test_the_largest_run_of_a_plan_is_forecast(monkeypatch: pytest.MonkeyPatch) -> None:
    found = plan(monkeypatch, 64 * GB, {"method": "tfidf"}, {"method": "full"}, {"method": "ia3"})
    assert found and found.config.method == "full" and not found.is_too_large
    assert found.describe().startswith("Peak memory on the CPU: about 1.")
    assert found.describe().endswith("; 64.0 GB are free.")
    assert "361 MB trained" in found.describe()


def test_a_warning_says_what_to_change_and_what_it_saves(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"method": "full", "batch_size": 32, "gradient_accumulation_steps": 2}
    found = plan(monkeypatch, GB // 2, settings)
    assert found and found.is_too_large
    warning = found.warn()
    assert "500 MB are free on the CPU, so it may be killed; try batch_size 16 with" in warning
    assert "gradient_accumulation_steps 4" in warning and "QLoRA" in warning and "gradient_checkpointing" in warning
    assert all(peak < found.memory.peak for _, peak in found.remedies)


def test_what_a_run_does_already_is_not_advised(monkeypatch: pytest.MonkeyPatch) -> None:
    found = plan(monkeypatch, 1, {"method": "qlora", "batch_size": 1, "gradient_checkpointing": True})
    assert found and found.remedies == []
    assert found.warn().endswith("close other programs, or choose a smaller base")


def test_nothing_is_told_where_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    assert plan(monkeypatch, GB, {"method": "tfidf"}) is None
    found = plan(monkeypatch, None, {})
    assert found and not found.is_too_large and "free" not in found.describe()


def test_tokens_are_counted_or_guessed_and_cut(tiny_llama: Path) -> None:
    texts = pd.Series(["so happy", "so " * 50, "x"], index=[7, 7, 7])
    assert longest_tokens("minilm-l6", texts, 128) == 52
    assert longest_tokens("minilm-l6", texts, 32) == 32
    assert longest_tokens(str(tiny_llama), texts, 128) == round(150 / 2.4) + 2
