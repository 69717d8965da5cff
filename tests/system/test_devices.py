"""What `nvidia-smi` and CUDA_VISIBLE_DEVICES make of a machine; the program itself is a script here."""

from pathlib import Path

import pytest

from emocore.system import devices as module
from emocore.system.devices import Gpu, ask_for_gpus, default_device, list_devices, own_devices, select_gpus
from tests.support.nvidia_smi import forget_answers, install

GPUS = (
    Gpu("0", "GPU-1111-aaaa", "A100", 8.0),
    Gpu("1", "GPU-2222-bbbb", "T4", 7.5),
    Gpu("2", "GPU-2233-cccc", "H100", 9.0),
)
LINES = "0, GPU-1111-aaaa, NVIDIA A100, 8.0, 81920\n1, GPU-2222-bbbb, Tesla T4, 7.5, [N/A]\n"


@pytest.fixture(autouse=True)
def nobody_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_answers(monkeypatch)


@pytest.mark.parametrize(
    ("visible", "expected"),
    [
        (None, ["cuda:0", "cuda:1", "cuda:2"]),
        ("", []),
        ("-1", []),
        ("NoDevFiles", []),
        ("2,0", ["cuda:2", "cuda:0"]),
        ("0,-1,1", ["cuda:0"]),
        ("0,7,1", ["cuda:0"]),
        (" 1 , 1", ["cuda:1"]),
        ("GPU-1111", ["cuda:0"]),
        ("GPU-2222-bbbb,GPU-1", ["cuda:1", "cuda:0"]),
        ("GPU-22", []),  # fits two
        ("MIG-9a1b,MIG-GPU-1111-aaaa/1/0", ["cuda:MIG-9a1b", "cuda:MIG-GPU-1111-aaaa/1/0"]),
    ],
)
def test_visible_devices_are_read_as_cuda_reads_them(visible: str | None, expected: list[str]) -> None:
    assert [device.name for device in select_gpus(GPUS, visible)] == expected


def test_a_device_knows_its_number_formats_and_how_to_be_the_only_one() -> None:
    found = select_gpus(GPUS, None)
    assert [device.bf16 for device in found] == [True, False, True]
    assert [device.selector for device in found] == ["0", "1", "2"]
    assert select_gpus(GPUS, "MIG-9a1b")[0].selector == "MIG-9a1b"
    assert select_gpus((), "MIG-9a1b") == (), "without a GPU there are no slices of it"


def test_the_gpus_come_before_the_cpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, f"printf '{LINES}'", monkeypatch)
    assert [device.name for device in list_devices(None)] == ["cuda:0", "cuda:1", "cpu"]
    assert [device.name for device in list_devices("1")] == ["cuda:1", "cpu"]
    assert [device.memory_bytes for device in list_devices(None)] == [80 * 2**30, None, None]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-2222")
    assert default_device().title == "Tesla T4"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert [device.name for device in own_devices()] == ["cpu"]


@pytest.mark.parametrize(("flags", "bf16"), [("avx2 avx512_bf16", True), ("avx2", False), (None, False)])
def test_linux_says_whether_the_cpu_multiplies_in_bf16(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: str | None, bf16: bool
) -> None:
    if flags:
        (tmp_path / "cpuinfo").write_text(f"flags\t\t: fpu {flags}\n")
    monkeypatch.setattr(module, "Path", lambda _: tmp_path / "cpuinfo")
    assert module._cpu.__wrapped__().bf16 == bf16  # past its cache


def test_a_failure_is_told_and_asked_again_but_success_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "echo 'Driver/library version mismatch'; exit 18", monkeypatch)
    assert ask_for_gpus().problem == "nvidia-smi: Driver/library version mismatch"
    assert [device.name for device in list_devices(None)] == ["cpu"]
    install(tmp_path, f"printf '{LINES}'", monkeypatch)
    assert ask_for_gpus().problem, "not before its time"
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.0)
    assert ask_for_gpus().problem is None and len(ask_for_gpus().gpus) == 2
    install(tmp_path, "exit 1", monkeypatch)
    assert len(ask_for_gpus().gpus) == 2


@pytest.mark.parametrize(
    ("script", "problem"),
    [("sleep 5", "did not answer in"), ("exit 9", "status 9"), ("echo what is this", "nvidia-smi: ")],
)
def test_every_trouble_has_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, problem: str
) -> None:
    monkeypatch.setattr(module, "QUERY_SECONDS", 0.3)
    install(tmp_path, script, monkeypatch)
    assert problem in (ask_for_gpus().problem or "")
