"""Code that comes with a base never runs, and no user is asked whether it should; tested on a real terminal."""

import os
import pty
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from emocore.run.folder import RunFolder
from tests.support.records import edit_json
from tests.support.repository import REPOSITORY

SECONDS = 60
CODE = """
from pathlib import Path
Path(__file__).with_name("marker").touch()
Path({marker!r}).touch()
from transformers import LlamaConfig, LlamaForSequenceClassification, PreTrainedTokenizerFast
class EvilConfig(LlamaConfig): pass
class EvilModel(LlamaForSequenceClassification): pass
class EvilTokenizer(PreTrainedTokenizerFast): pass
"""


def add_code(base: Path, marker: Path) -> None:
    """The code, and the word of all the files in which Transformers looks for it."""
    (base / "evil.py").write_text(CODE.format(marker=str(marker)), encoding="utf-8")
    models = {"AutoConfig": "evil.EvilConfig", "AutoModelForSequenceClassification": "evil.EvilModel"}
    tokenizers = {"AutoTokenizer": ["evil.EvilTokenizer", "evil.EvilTokenizer"]}
    places: dict[str, dict[str, Any]] = {
        "config.json": {"auto_map": models},
        "tokenizer_config.json": {"auto_map": tokenizers, "tokenizer_class": "EvilTokenizer"},
    }
    for name, changes in places.items():
        edit_json(base / name, **changes)


def say_yes(*arguments: str, cache: Path) -> tuple[int, str]:
    """Exit status and output of the command in a terminal in which every question is answered with yes."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "emocore", *arguments],
        cwd=REPOSITORY,
        env=os.environ | {"HF_MODULES_CACHE": str(cache)},
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
    )
    os.close(follower)
    os.write(leader, b"y\n" * 10)
    words, deadline = b"", time.monotonic() + SECONDS
    try:
        while time.monotonic() < deadline:
            words += os.read(leader, 4096)
    except OSError:  # the terminal's other end is closed
        pass
    finally:
        os.close(leader)
        process.kill()
    return process.wait(10), words.decode("utf-8", "replace")


@pytest.mark.parametrize("name", ["lora", "bert_lora"])
def test_no_code_of_a_base_runs_and_no_question_is_asked(
    finished_runs: dict[str, RunFolder], tiny_llama: Path, tiny_bert: Path, tmp_path: Path, name: str
) -> None:
    marker = tmp_path / "marker"
    base = Path(shutil.copytree(tiny_bert if name == "bert_lora" else tiny_llama, tmp_path / "base"))
    add_code(base, marker)
    run = RunFolder(Path(shutil.copytree(finished_runs[name].path, tmp_path / "runs" / "given")))
    edit_json(run.adapter / "emocore.json", base=str(base))
    status, words = say_yes("classify", run.id, "--text", "so happy today", cache=tmp_path / "modules")
    assert not marker.exists() and not list(tmp_path.rglob("marker"))
    assert "[y/N]" not in words and "Traceback" not in words
    assert status == 0 or "custom code" in words
    assert "probability" in words or "emocore: base" in words
