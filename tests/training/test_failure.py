"""Why a run failed, in one line with a remedy, for real errors of the system and the libraries."""

import errno
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from inline_snapshot import snapshot
from safetensors.torch import save_file

from emocore.errors import DataError
from emocore.system.processes import OUT_OF_MEMORY_REMEDY
from emocore.training.failure import explain_failure
from tests.support.small_disks import fill, read_only, small_disk

FULL = "the disk is full: free space, then resume the run; it continues from its last checkpoint"
OUT_OF_MEMORY = f"out of memory: {OUT_OF_MEMORY_REMEDY}"
UNWRITABLE = r"a file may not be written \(.*\): make its folder writable, then resume the run"
TENSORS = {"weights": torch.zeros(100_000)}
FRAME = pd.DataFrame({"logit": np.random.default_rng(0).random(100_000)})

# How a run's files are written, each with its own kind of error.
WRITERS: dict[str, Callable[[Path], object]] = {
    "text": lambda path: path.write_text("x" * 1_000_000),
    "torch": lambda path: torch.save(TENSORS, path),
    "torch, old format": lambda path: torch.save(TENSORS, path, _use_new_zipfile_serialization=False),
    "safetensors": lambda path: save_file(TENSORS, path),
    "parquet": lambda path: FRAME.to_parquet(path),
    "folder": lambda path: (path / "deep").mkdir(parents=True),
}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", megabytes=0.125) as folder:
        yield folder


def failure_of(action: Callable[[], object]) -> str:
    """The explanation of the error that this raises, which is always one line."""
    try:
        action()
    except Exception as error:
        reason, failure = explain_failure(error)
        assert "\n" not in reason and (failure == "out of memory") == (reason == OUT_OF_MEMORY)
        return reason
    pytest.fail("nothing was raised")


@pytest.mark.parametrize("name", [name for name in WRITERS if name != "folder"])
@pytest.mark.parametrize("when", ["before", "half way"])
def test_a_full_disk_is_told_whoever_writes(disk: Path, name: str, when: str) -> None:
    if when == "before":
        fill(disk)
    assert failure_of(lambda: WRITERS[name](disk / "file")) == FULL


@pytest.mark.parametrize("name", WRITERS)
def test_a_disk_that_may_only_be_read_is_told_whoever_writes(disk: Path, name: str) -> None:
    with read_only(disk):
        reason = failure_of(lambda: WRITERS[name](disk / "file"))
    assert re.fullmatch(UNWRITABLE, reason), reason


def test_a_full_device_and_a_file_over_its_limit_are_full_disks() -> None:
    def write() -> None:
        with Path("/dev/full").open("wb", buffering=0) as file:
            file.write(b"x")

    assert failure_of(write) == FULL
    for number in (errno.EDQUOT, errno.EFBIG):
        assert explain_failure(OSError(number, os.strerror(number))).reason == FULL


@pytest.mark.parametrize(
    "allocate",
    [lambda: torch.empty(10**15), lambda: np.zeros(10**15), lambda: bytearray(10**15)],
    ids=["torch", "numpy", "python"],
)
def test_want_of_memory_is_told_with_what_needs_less(allocate: Callable[[], object]) -> None:
    assert failure_of(allocate) == OUT_OF_MEMORY


def test_want_of_memory_on_a_gpu_is_told_alike() -> None:
    error = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nGPU 0 has ...")
    assert explain_failure(error).reason == OUT_OF_MEMORY


def test_an_error_of_our_own_is_its_message() -> None:
    assert explain_failure(DataError("mine.csv: no such file")).reason == "mine.csv: no such file"


def test_any_other_error_is_named_in_one_line_that_points_to_the_log() -> None:
    assert explain_failure(ValueError("first\nsecond")).reason == snapshot(
        "ValueError: first (the log has the details)"
    )
    for message in ("", "\n", "  "):
        assert explain_failure(KeyError(message)).reason.endswith("(the log has the details)")
        assert explain_failure(RuntimeError(message)).reason == snapshot(
            "RuntimeError: no message (the log has the details)"
        )


def test_a_missing_file_is_not_taken_for_an_unwritable_one(tmp_path: Path) -> None:
    reason = failure_of(lambda: (tmp_path / "gone").read_text())
    assert reason.startswith("FileNotFoundError: ") and "gone" in reason


@pytest.mark.parametrize("words", ["CUDA error: out of memory", "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling"])
def test_a_gpu_that_is_full_already_is_out_of_memory(words: str) -> None:
    assert (
        explain_failure(RuntimeError(f"{words}\nCUDA kernel errors might be reported later")).failure == "out of memory"
    )
