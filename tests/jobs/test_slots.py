"""Which run gets which device, on machines with GPUs as `nvidia-smi` describes them."""

from pathlib import Path

import pytest

from emocore.errors import ConfigError, RunError
from emocore.jobs.packing import Occupancy
from emocore.jobs.slots import choose_device, find_slot, list_allowed, run_environment
from emocore.run.config import RunConfig
from emocore.run.environment import KEPT_VARIABLES
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run
from emocore.system import devices as module
from emocore.system.devices import Device, Gpu, GpuAnswer

CPU = Device("cpu", "CPU", True)
GPU0, GPU1 = (Device(f"cuda:{index}", "GPU", True, selector=str(index)) for index in range(2))
TWO_GPUS = GpuAnswer(tuple(Gpu(str(index), f"GPU-{index}{index}", "A100", 8.0) for index in range(2)))


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_answer", TWO_GPUS)
    monkeypatch.setattr(module, "_asked_at", 1.0)


def occupied(root: Path, *devices: str) -> Occupancy:
    """Each of the devices has one run, of which nothing is known."""
    return Occupancy(root, {f"run on {device}": device for device in devices})


def queue(root: Path, monkeypatch: pytest.MonkeyPatch, device: str = "auto", visible: str | None = None) -> RunFolder:
    """A run that is launched where CUDA_VISIBLE_DEVICES is this, seen by a scheduler that sees the second GPU."""
    if visible is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    run = create_run(root, RunConfig(method="lora", device=device))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    return run


@pytest.mark.parametrize(
    ("wanted", "devices", "taken", "expected"),
    [
        ("auto", (CPU,), set(), CPU),
        ("auto", (CPU,), {"cpu"}, None),
        ("auto", (GPU0, GPU1, CPU), {"cuda:0"}, GPU1),
        ("auto", (GPU0, CPU), {"cuda:0"}, None),
        ("cpu", (GPU0, CPU), {"cuda:0"}, CPU),
        ("cuda", (GPU0, GPU1, CPU), set(), GPU0),
        ("cuda:1", (GPU0, GPU1, CPU), {"cuda:0"}, GPU1),
        ("cuda:0", (GPU0, GPU1, CPU), {"cuda:0"}, None),
    ],
)
def test_a_run_gets_the_device_it_asked_for_or_waits(
    root: Path, wanted: str, devices: tuple[Device, ...], taken: set[str], expected: Device | None
) -> None:
    run = create_run(root, RunConfig(device=wanted))
    assert choose_device(run, list_allowed(run.config, devices), occupied(root, *taken)) == expected


def test_a_run_sees_only_its_own_device() -> None:
    assert run_environment(GPU1, {}, 1)["CUDA_VISIBLE_DEVICES"] == "1"
    assert run_environment(CPU, {"CUDA_VISIBLE_DEVICES": "0,1"}, 1)["CUDA_VISIBLE_DEVICES"] == ""


@pytest.mark.parametrize(
    ("cpu_runs", "wished", "expected"),
    [(1, None, None), (1, "7", "7"), (2, None, "4"), (3, None, "2"), (16, None, "1"), (2, "7", "4"), (2, "3", "3"),
     (2, "4,2", "4"), (2, "", "4")],
)  # fmt: skip
def test_runs_that_share_the_cpu_share_its_cores(
    monkeypatch: pytest.MonkeyPatch, cpu_runs: int, wished: str | None, expected: str | None
) -> None:
    monkeypatch.setattr("emocore.jobs.slots.count_cores", lambda: 8)
    kept = {"OMP_NUM_THREADS": wished}
    assert run_environment(CPU, kept, cpu_runs).get("OMP_NUM_THREADS") == expected
    assert run_environment(GPU0, kept, cpu_runs).get("OMP_NUM_THREADS") == wished


@pytest.mark.usefixtures("two_gpus")
def test_a_run_keeps_the_gpus_that_its_launch_could_see(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for device, visible, expected in (
        ("auto", None, "0"), ("cuda:1", None, "1"), ("auto", "1", "1"), ("auto", "0", "0"), ("cuda:0", "0", "0"),
        ("auto", "", ""), ("auto", "GPU-11,0", "1"),
    ):  # fmt: skip
        slot = find_slot(queue(root, monkeypatch, device, visible), occupied(root))
        assert slot and slot[1]["CUDA_VISIBLE_DEVICES"] == slot[0].selector == expected, (device, visible)
    assert find_slot(queue(root, monkeypatch, "auto", "0"), occupied(root, "cuda:0")) is None


@pytest.mark.usefixtures("two_gpus")
def test_a_device_that_the_launch_could_not_see_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"'cuda:1' is not on this machine any more, or hidden .*there is cuda:0"):
        find_slot(queue(root, monkeypatch, "cuda:1", "0"), occupied(root))


def test_a_run_waits_for_a_gpu_that_cannot_be_seen_just_now(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_asked_at", module.time.monotonic())
    monkeypatch.setattr(module, "_answer", GpuAnswer((), "nvidia-smi did not answer in 10 s"))
    with pytest.raises(RunError, match=r"waits for 'cuda', since no GPU can be seen .nvidia-smi did not answer"):
        find_slot(queue(root, monkeypatch, "cuda"), occupied(root))
    slot = find_slot(queue(root, monkeypatch, "auto"), occupied(root))
    assert slot and slot[0].name == "cpu"


def test_what_a_run_keeps_goes_before_what_its_scheduler_has(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.delenv("HF_HOME", raising=False)
    monkeypatch.setenv("HF_ENDPOINT", "https://somebody:password@hub.example")
    kept = create_run(root, RunConfig(method="lora")).environment.root
    assert set(kept) == set(KEPT_VARIABLES) - {"HF_ENDPOINT"}, "no password is kept"
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setenv("HF_HOME", "/of/another")
    environment = run_environment(CPU, kept, 1)
    assert environment["OMP_NUM_THREADS"] == "3" and "HF_HOME" not in environment
    assert environment["HF_ENDPOINT"] == "https://somebody:password@hub.example"
    assert run_environment(CPU, {}, 1)["OMP_NUM_THREADS"] == "7", "a run of an earlier version kept nothing"
