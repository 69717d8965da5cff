"""The quick form of benchmarks/memory.py: one real training, whose peak the forecast meets."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.memory import CASES, read_case
from tests.support.repository import REPOSITORY

MOST = 0.15


def test_the_forecast_meets_the_peak_of_a_real_training(tmp_path: Path, tiny_llama: Path) -> None:
    file = tmp_path / "figures.json"
    options = ["--quick", f"--cases=lora:{tiny_llama}:8:64,{CASES[1]}", "--rows=24", f"--json={file}"]
    command = [sys.executable, "-m", "benchmarks.memory", *options]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    [case] = json.loads(file.read_text(encoding="utf-8"))["cases"]
    assert case["error"] == pytest.approx(case["forecast"] / case["measured"] - 1)
    assert abs(case["error"]) <= MOST
    assert f"largest error: {abs(case['error']):.1%}" in done.stdout


def test_a_case_says_how_texts_are_joined_and_what_is_asked_for() -> None:
    settings, joined = read_case("lora:minilm-l6:32:128:5:checkpointing", 96)
    assert (settings["batch_size"], settings["max_length"], joined) == (32, 128, 5)
    assert settings["gradient_checkpointing"] and "precision" not in settings
    assert read_case("bitfit:minilm-l6:16:128::fp32", 96)[0]["precision"] == "fp32"
    assert read_case("ia3:minilm-l6:8:128", 96)[1] == 1
