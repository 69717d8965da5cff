"""Which runs may share a GPU, by finished runs on disk and a made-up GPU of 24 GB that a script describes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emocore.errors import RunError
from emocore.jobs.packing import Measured, Occupancy, find_peak, fits, list_measured
from emocore.jobs.queue import resume_run
from emocore.jobs.slots import choose_device, find_slot
from emocore.models.resolve import resolve
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run
from emocore.run.state import RunStatus
from emocore.system.devices import Device, list_devices
from emocore.system.limits import FILE, set_limit
from emocore.system.processes import End, ProcessIdentity
from tests.support.nvidia_smi import install_gpu
from tests.support.records import read_raw, write_raw
from tests.support.tables import COST, LABELS, change_status, finish_run

TRUTH = np.array([[1, 0, 1, 0], [0, 1, 0, 1]], dtype=np.int8)
GB = 10**9
CPU = Device("cpu", "CPU", True)


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation of its own, on a machine with one GPU that nobody uses."""
    monkeypatch.setenv("EMOCORE_SETTINGS", str(tmp_path / "settings"))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    install_gpu(tmp_path, monkeypatch, used_bytes=0)


@pytest.fixture
def gpu() -> Device:
    return list_devices(None)[0]


def configure(**settings: Any) -> RunConfig:
    return resolve(RunConfig(**{"rows": 100} | settings))[0]


def finish(
    root: Path, peak_bytes: int = 4 * GB, device: str = "cuda", precision: str = "bf16", **settings: Any
) -> None:
    cost = COST | {"peak_memory_bytes": peak_bytes}
    origin = {"device": device, "precision": precision}
    finish_run(root, configure(**settings), TRUTH, TRUTH * 2.0 - 1, LABELS, cost, origin)


def queue(root: Path, **settings: Any) -> RunFolder:
    return create_run(root, configure(**settings))


def begin(root: Path, device: str = "cuda:0", pid: int = 4000, **settings: Any) -> RunFolder:
    """A run whose process has this number."""
    run = queue(root, **settings)
    process = ProcessIdentity(pid=pid, start_ticks=1, boot_id="", oom_kills=0)
    change_status(run, RunStatus.RUNNING, device=device, process=process)
    return run


def on(root: Path, *runs: RunFolder) -> Occupancy:
    return Occupancy(root, {run.id: run.stored_state.device for run in runs})


def test_peaks_fit_with_a_reserve_for_each_run() -> None:
    assert fits(24 * GB, 0, [4 * GB] * 4)
    assert not fits(24 * GB, 1 * GB, [4 * GB] * 4)
    assert not fits(24 * GB, 0, [23 * GB])


@pytest.mark.parametrize(
    ("changes", "is_known"),
    [
        ({}, True),
        ({"seed": 9, "epochs": 9, "learning_rate": 0.5, "device": "cuda:1", "study": "s", "threshold": 0.5}, True),
        ({"batch_size": 8}, True),
        ({"batch_size": 32}, False),
        ({"max_length": 64}, True),
        ({"max_length": 256}, False),
        ({"lora_rank": 4}, True),
        ({"lora_rank": 64}, False),
        ({"rows": 50}, True),
        ({"rows": 200}, False),
        ({"rows": None}, False),
        ({"base": "smollm2-135m"}, False),
        ({"method": "qlora"}, False),
        ({"method": "ia3"}, False),
        ({"gradient_checkpointing": True}, False),
        ({"data": "other.csv"}, False),
        ({"lora_dropout": 0.3}, False),
    ],
)
def test_a_peak_is_known_from_an_equal_or_larger_run(changes: dict[str, Any], is_known: bool) -> None:
    measured = [Measured(configure(), "bf16", 4 * GB)]
    assert find_peak(configure(**changes), "bf16", measured) == (4 * GB if is_known else None)
    assert find_peak(configure(**changes), "fp32", measured) is None


def test_equal_runs_count_before_larger_ones_and_the_largest_peak_of_them() -> None:
    peaks = {16: (3 * GB, 4 * GB), 32: (6 * GB, 7 * GB), 64: (12 * GB,)}
    measured = [Measured(configure(batch_size=size), "bf16", peak) for size, own in peaks.items() for peak in own]
    found = {size: find_peak(configure(batch_size=size), "bf16", measured) for size in (8, 16, 32, 128)}
    assert found == {8: 3 * GB, 16: 4 * GB, 32: 7 * GB, 128: None}


def test_a_run_on_half_of_all_rows_says_nothing_of_one_on_all() -> None:
    half, whole = (configure(rows=None, replicate=replicate) for replicate in (2, 1))
    assert find_peak(whole, "bf16", [Measured(half, "bf16", GB)]) is None
    assert find_peak(half, "bf16", [Measured(whole, "bf16", GB)]) == GB


def test_only_finished_runs_on_a_gpu_are_measures(root: Path) -> None:
    finish(root, device="cpu")
    damaged = queue(root)
    finish(root, peak_bytes=5 * GB)
    change_status(damaged, RunStatus.FINISHED)
    assert [(item.precision, item.peak_bytes) for item in list_measured(root)] == [("bf16", 5 * GB)]


def test_runs_of_a_known_kind_share_a_gpu_up_to_the_limit(root: Path, gpu: Device) -> None:
    finish(root, peak_bytes=3 * GB)
    runs = [begin(root, seed=seed) for seed in (1, 2, 3)]
    waiting = queue(root, seed=4)
    assert on(root, *runs).has_room(gpu, waiting)
    assert not on(root, *runs, begin(root, seed=5)).has_room(gpu, waiting), "four is the default"
    set_limit("gpu", 1)
    assert not on(root, runs[0]).has_room(gpu, waiting)
    assert on(root).has_room(gpu, waiting)


def test_a_run_of_an_unknown_kind_has_a_gpu_to_itself(root: Path, gpu: Device) -> None:
    finish(root)
    known, unknown = begin(root), begin(root, method="ia3")
    assert not on(root, known).has_room(gpu, queue(root, method="ia3")), "it does not join"
    assert not on(root, unknown).has_room(gpu, queue(root)), "and nobody joins it"
    assert on(root).has_room(gpu, queue(root, method="ia3"))
    gone = Occupancy(root, {"a run whose folder is gone": gpu.name})
    assert not gone.has_room(gpu, queue(root))


def test_the_precision_is_that_of_the_device(root: Path, gpu: Device) -> None:
    finish(root, precision="fp32")
    run, waiting = begin(root), queue(root)
    assert not on(root, run).has_room(gpu, waiting), "it will compute in bf16"
    old = Device("cuda:0", "T4", bf16=False, selector="0", memory_bytes=gpu.memory_bytes)
    assert on(root, run).has_room(old, waiting)


@pytest.mark.parametrize(
    ("used", "own", "has_room"),
    [(0, 0, True), (5 * GB, 0, True), (20 * GB, 0, False), (20 * GB, 15 * GB, True)],
    ids=["nobody", "another", "another, too much", "mostly the run itself"],
)
def test_what_other_programs_take_counts(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gpu: Device, used: int, own: int, has_room: bool
) -> None:
    finish(root)
    install_gpu(tmp_path, monkeypatch, used, {4000: own})
    assert on(root, begin(root, pid=4000)).has_room(gpu, queue(root)) == has_room


def test_a_gpu_of_unknown_memory_is_not_shared(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finish(root)
    run, waiting = begin(root, device="cuda:MIG-1"), queue(root)
    a_slice = Device("cuda:MIG-1", "slice", True, selector="MIG-1")
    assert not on(root, run).has_room(a_slice, waiting)
    assert on(root).has_room(a_slice, waiting)


def test_an_empty_gpu_is_taken_before_a_shared_one(root: Path, gpu: Device) -> None:
    finish(root)
    other = Device("cuda:1", "A GPU", True, selector="1", memory_bytes=gpu.memory_bytes)
    run = begin(root)
    assert choose_device(queue(root), [gpu, other], on(root, run)) == other
    assert choose_device(queue(root), [gpu, other], on(root, run, begin(root, "cuda:1"))) == gpu


def test_a_run_that_needs_the_whole_gpu_is_not_overtaken(root: Path) -> None:
    finish(root)
    occupancy = on(root, begin(root))
    assert find_slot(queue(root, method="ia3"), occupancy) is None
    assert find_slot(queue(root), occupancy) is None, "it would fit, but has to wait for the other"
    slot = find_slot(queue(root, method="tfidf"), occupancy)
    assert slot and slot[0].name == "cpu", "other devices are still there"


def test_a_run_that_was_just_started_counts(root: Path, gpu: Device) -> None:
    finish(root, peak_bytes=8 * GB)
    occupancy = on(root)
    first, second, third = (queue(root, seed=seed) for seed in range(3))
    for run, has_room in ((first, True), (second, True), (third, False)):
        assert occupancy.has_room(gpu, run) == has_room
        occupancy.add(run, gpu)


def test_damaged_limits_keep_runs_waiting(root: Path, tmp_path: Path) -> None:
    run = queue(root)
    (tmp_path / "settings" / FILE).write_text("4", encoding="utf-8")
    with pytest.raises(RunError, match=r"^waits: .*limits\.json is damaged"):
        find_slot(run, on(root))


def on_cpu(root: Path, **state: Any) -> Callable[[], bool]:
    """Whether there is room for a run on the CPU, on which one run with this state is and two are allowed."""
    set_limit("cpu", 2)
    run = begin(root, "cpu", method="tfidf")
    change_status(run, RunStatus.RUNNING, **state)
    waiting = queue(root, method="tfidf")
    return lambda: on(root, run).has_room(CPU, waiting)


def test_the_cpu_is_shared_up_to_its_limit_whatever_the_memory(root: Path) -> None:
    has_room = on_cpu(root)
    assert has_room()
    set_limit("cpu", 1)
    assert not has_room()


def test_a_run_that_ran_out_of_memory_in_company_is_resumed_alone(root: Path) -> None:
    has_room = on_cpu(root)
    run = queue(root, method="tfidf")
    for attempt, shared_in in ((1, None), (2, 1), (3, 3)):
        change_status(run, RunStatus.FAILED, failure="out of memory", attempts=attempt)
        if shared_in == attempt:
            run.note_company()
        elif shared_in:
            run.shared_attempts.write_text(f"{shared_in}\n", encoding="utf-8")
        resume_run(run)
        assert run.stored_state.needs_device_alone == (shared_in == attempt)
    assert has_room() and not on(root, begin(root, "cpu")).has_room(CPU, run)
    change_status(run, RunStatus.STOPPED)
    resume_run(run)
    assert run.stored_state.needs_device_alone, "it would run out of memory again"
    assert not on_cpu(root, needs_device_alone=True)(), "nor does another run join it"


def test_the_reason_says_that_others_were_there(root: Path) -> None:
    told = End("out of memory: lower batch_size", "out of memory")
    assert told.on_shared_device(False) == told
    reason, failure = told.on_shared_device(True)
    assert "while other runs were on the same device: resume it" in reason and failure == "out of memory"
    assert End("the disk is full").on_shared_device(True) == End("the disk is full")


def test_only_runs_at_work_share(root: Path) -> None:
    first, second, third = begin(root), begin(root), begin(root, device="cpu")
    assert on(root, first, second, third).list_sharing() == [first, second]
    first.note_company()
    assert on(root, first, second, third).list_sharing() == [second]
    change_status(first, RunStatus.FINISHED, device="cuda:0")
    assert on(root, first, second).list_sharing() == [], "the first is only exiting"


def test_a_record_of_an_earlier_version_has_no_company(root: Path) -> None:
    finish(root)
    [run] = [RunFolder(path) for path in root.iterdir()]
    assert "shared_device" not in read_raw(run, "result.json")
    content = read_raw(run, "state.json")
    del content["needs_device_alone"]
    write_raw(run, "state.json", content)
    assert run.scores and not run.scores.shared_device and not run.stored_state.needs_device_alone
