"""What the playground tells besides the answers, which tests/browser and test_label_counts.py read."""

import pytest

from emocore.run.folder import RunFolder
from tests.support.pages import open_page

NAMES = ("bert_bf16", "bert_lora", "tfidf")


@pytest.mark.parametrize(("has_bf16", "noted"), [(True, 0), (False, 1)])
def test_it_says_which_adapters_answer_otherwise_than_they_were_scored(
    finished_runs: dict[str, RunFolder], monkeypatch: pytest.MonkeyPatch, has_bf16: bool, noted: int
) -> None:
    monkeypatch.setenv("EMOCORE_RUNS", str(finished_runs["tfidf"].path.parent))
    monkeypatch.setattr("emocore.models.classifier.computes_bf16", lambda device: has_bf16)
    page = open_page("playground", runs=[finished_runs[name].id for name in NAMES])
    notes = [caption.value for caption in page.caption if caption.value.startswith("Note: ")]
    assert len(notes) == noted
    assert all("scored in bf16, which this machine lacks; it answers in fp32" in note for note in notes)
