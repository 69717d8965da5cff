"""The model card of an adapter: its header must be YAML whatever the base's folder is called."""

import ast
import re
from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from emocore.models.bases import BASES
from emocore.models.card import write_card
from tests.support.adapters import make_info

FOLDERS = ["my/base", "/home/ada/a: b", "/home/ada/a #1", "- ada", "/home/ada/it's", "/home/ada/é😀", 'C:\\a "b"']


@pytest.mark.parametrize("folder", FOLDERS)
def test_any_folder_can_be_the_base_of_a_card(folder: str, tmp_path: Path) -> None:
    base = replace(BASES["minilm-l6"], name=folder, location=folder)
    write_card(tmp_path, make_info(method="lora", base=folder), base, source=folder)
    card = ModelCard.load(tmp_path / "README.md")
    assert (card.data.library_name, card.data.base_model) == ("peft", folder)
    assert card.data.tags == ["emotion-detection", "multi-label"]
    [code] = re.findall(r"```python\n(.*?)```", card.text, re.DOTALL)
    assert folder in {node.value for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Constant)}


def test_a_method_without_a_base_names_none(tmp_path: Path) -> None:
    write_card(tmp_path, make_info(method="tfidf"), base=None)
    card = ModelCard.load(tmp_path / "README.md")
    assert (card.data.library_name, card.data.base_model) == ("scikit-learn", None)
