"""The memory that other programs take on a GPU; `nvidia-smi` is a script here."""

from pathlib import Path

import pytest

from emocore.system import gpu_memory
from emocore.system.devices import Device, list_devices
from emocore.system.gpu_memory import foreign_bytes
from tests.support.nvidia_smi import MIB, forget_answers, install, install_gpu

GPU = Device("cuda:0", "GPU", True, selector="0")


def test_own_processes_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_gpu(tmp_path, monkeypatch, used_bytes=1000 * MIB, processes={11: 600 * MIB, 12: 300 * MIB})
    [gpu, cpu] = list_devices(None)
    assert foreign_bytes(gpu, [11, 99]) == 400 * MIB
    assert foreign_bytes(gpu, []) == 1000 * MIB
    assert foreign_bytes(cpu, []) is None
    assert foreign_bytes(Device("cuda:MIG-1", "slice", True, selector="MIG-1"), []) is None


def test_a_process_that_is_not_named_counts_as_anothers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_gpu(tmp_path, monkeypatch, used_bytes=1000 * MIB)
    assert foreign_bytes(GPU, [11]) == 1000 * MIB


def test_an_answer_is_kept_for_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_gpu(tmp_path, monkeypatch, used_bytes=100 * MIB)
    assert foreign_bytes(GPU, []) == 100 * MIB
    install(tmp_path, "exit 1", monkeypatch)
    assert foreign_bytes(GPU, []) == 100 * MIB
    monkeypatch.setattr(gpu_memory, "_good_until", 0.0)
    assert foreign_bytes(GPU, []) is None


@pytest.mark.parametrize("script", ["exit 9", "echo what is this", "printf '0, GPU-1, [N/A]\\n'"])
def test_without_an_answer_nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    install(tmp_path, script, monkeypatch)
    forget_answers(monkeypatch)
    assert foreign_bytes(GPU, []) is None
