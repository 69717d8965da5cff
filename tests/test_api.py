"""The functions for notebooks: the documented examples run, and errors are one sentence."""

import re
from pathlib import Path

import pytest

import emocore
from emocore import api
from emocore.errors import EmocoreError, RunError
from emocore.jobs.queue import pause_queue
from emocore.run.study_record import read_study_record
from tests.support.live_runs import end_processes, start_scheduler


def examples(text: str) -> list[str]:
    """The lines after ">>>"."""
    return re.findall(r"^\s*>>> (.*)$", text, flags=re.MULTILINE)


@pytest.fixture
def on_tiny_data(tiny_bert: Path, small_csv: Path, tmp_path: Path) -> dict[str, str]:
    """What takes the place of the examples' base, data and seeds, so that they take seconds."""
    return {
        'base="minilm-l6", data="tweets.csv"': f"base={str(tiny_bert)!r}, data={str(small_csv)!r}, epochs=1",
        "seeds=[1, 2, 3]": "seeds=[1]",
        ".show()": ".to_dict()",
    }


@pytest.mark.timeout(200)
def test_the_examples_run(on_tiny_data: dict[str, str], runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = "\n".join(examples(api.__doc__ or ""))
    for written, tiny in on_tiny_data.items():
        assert written in code
        code = code.replace(written, tiny)
    names: dict[str, object] = {}
    runs.mkdir()
    start_scheduler(runs, idle_seconds=100)  # its runs start in no time
    try:
        exec(code.replace("emocore.load(runs[0])", "answers = emocore.load(runs[0])"), names)
    finally:
        end_processes(runs)
    assert "macro-F1" in capsys.readouterr().out
    answers = names["answers"]
    assert list(answers["text"]) == ["I did not expect you to remember!"]  # type: ignore[index]
    assert {"joy", "predicted"} <= set(answers)  # type: ignore[call-overload]


def test_every_function_is_described_with_an_example_or_has_none_of_its_own() -> None:
    for name in emocore.__all__:
        assert getattr(emocore, name).__doc__, name
    assert not hasattr(emocore, "nothing_of_the_kind")


def test_what_goes_wrong_is_one_sentence_that_says_what_to_do(runs: Path) -> None:
    for call in (
        lambda: emocore.launch(optimizer="sgd"),
        lambda: emocore.launch(method="tfidf", data="gone.csv"),
        lambda: emocore.study(methods=["tfidf"], seeds=[]),
        lambda: emocore.compare([]),
        lambda: emocore.compare(["gone"]),
        lambda: emocore.compare(["gone"], together=["lora", "ia3"]),
        lambda: emocore.load("gone"),
    ):
        with pytest.raises(EmocoreError) as caught:
            call()
        assert "\n" not in str(caught.value)
    assert not list(runs.glob("*-*"))


def test_a_study_has_the_margin_of_its_launch(runs: Path, small_csv: Path) -> None:
    runs.mkdir()
    pause_queue(runs)
    emocore.study(["tfidf"], data=str(small_csv), name="s", margin_points=0.5)
    record = read_study_record(runs, "s")
    assert record and record.margin_points == 0.5


def test_a_run_that_failed_is_said_where_it_is_waited_for(runs: Path, small_csv: Path) -> None:
    data = small_csv.with_name("soon gone.csv")
    data.write_bytes(small_csv.read_bytes())
    try:
        run = emocore.launch(method="tfidf", data=str(data))
        assert run.id in repr(run)
        data.unlink()
        with pytest.raises(RunError, match=rf"run {run.id} is failed \(.*soon gone.csv: no such file"):
            run.wait(60)
    finally:
        end_processes(runs)
