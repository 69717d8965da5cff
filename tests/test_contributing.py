"""The recipes of CONTRIBUTING.md, followed in a copy of the code: what each adds is then wherever a user meets it."""

import json
import re
import shutil
from functools import partial
from pathlib import Path

import pytest

from tests.support.live_runs import python
from tests.support.repository import REPOSITORY

CONTRIBUTING = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
RECIPES = dict(re.findall(r"^\*\*An? (.+)\.\*\* ((?:.+\n)+)", CONTRIBUTING, flags=re.MULTILINE))
SETTING = """    momentum: Annotated[float, Use("training", "Training", varied=True)] = Field(
        0.9, ge=0, lt=1, description="How much of the last step goes into the next one."
    )
"""
METHOD = """    Method(
        name="late-lora", title="Late LoRA", summary="LoRA under another name.", paper="Doe 2026", family=LOW_RANK,
        engine="neural", settings=LORA_SETTINGS, defaults=LORA_DEFAULTS, pooling_defaults=NEURAL_BY_POOLING,
        adapter_config=lora_config,
    ),
"""
BASE = '        Base(name="my/base", source="hub", location="my/base", family=DECODER, pooling="last"),\n'
PRESET = """        Preset(
            name="brief", title="Brief study", description="One epoch.", own=frozenset({"epochs"}),
            make=lambda **shared: starter_study(**shared | {"epochs": 1}),
        ),
"""
CHART = """def value_histogram(sweep: pd.DataFrame) -> go.Figure:
    return go.Figure(go.Histogram(x=sweep["value"]))


"""
CALL = """    view.draw("values", lambda: value_histogram(pd.DataFrame({"value": [1, 2]})), alt="Values")
"""
# Kind of thing -> file -> (text, what is added before it).
ADDITIONS = {
    "method": {"emocore/models/methods/low_rank.py": ('    Method(\n        name="qlora"', METHOD)},
    "base": {"emocore/models/bases.py": ('        Base(\n            name="smollm2-135m"', BASE)},
    "setting": {"emocore/run/config.py": ("    threshold: Annotated", SETTING)},
    "emotion set": {
        "emocore/emotions.py": (
            '        LabelSet(\n            name="goemotions-28"',
            '        LabelSet(name="awes-2", title="Awes", labels=("reverence", "awe"), aliases={"awed": "awe"}),\n',
        ),
    },
    "chart": {
        "emocore/charts/sweeps.py": ("def sweep_curves", CHART),
        "pages/compare/sweeps.py": ("    for setting in settings:", CALL),
    },
    "preset": {"emocore/jobs/presets.py": ('        Preset(\n            name="fair"', PRESET)},
}
IMPORTS = {"pages/compare/sweeps.py": "import pandas as pd\nfrom emocore.charts.sweeps import value_histogram\n"}
LOOK = """
import json
import streamlit as st
from emocore.emotions import describe_label_set, display_order, is_emotion_name
from emocore.run.listing import runs_root
from tests.support.pages import open_compare, open_page
from tests.support.studies import finish_study
st.page_link = lambda *_, **__: None
form = open_page("launch")
finish_study(runs_root())
print(json.dumps({
    "method": form.multiselect(key="launch_methods").options,
    "base": form.selectbox(key="launch_base").options,
    "preset": form.selectbox(key="launch_preset").options,
    "emotion set": [describe_label_set(["awed"]), *display_order(["Awed", "reverence"]), is_emotion_name("awe")],
    "chart": [f"{len(open_compare(view='sweeps').get('plotly_chart'))} charts"],
}))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code with everything in ADDITIONS."""
    copy = tmp_path_factory.mktemp("copy")
    for part in ("emocore", "pages", "docs", "tests", ".streamlit"):
        shutil.copytree(REPOSITORY / part, copy / part, ignore=shutil.ignore_patterns("__pycache__", "fixtures"))
    for file in ("app.py", "pyproject.toml"):
        shutil.copy(REPOSITORY / file, copy / file)
    for additions in ADDITIONS.values():
        for name, (before, added) in additions.items():
            code = (copy / name).read_text(encoding="utf-8")
            assert before in code
            code = code.replace(before, added + before, 1).replace("\nimport ", f"\n{IMPORTS.get(name, '')}import ", 1)
            (copy / name).write_text(code, encoding="utf-8")
    return copy


def test_every_recipe_is_followed_and_names_the_files_that_change() -> None:
    assert set(RECIPES) == set(ADDITIONS)
    for kind, recipe in RECIPES.items():
        assert recipe.count("\n") <= 5
        assert set(ADDITIONS[kind]) <= {name.rstrip("/") for name in re.findall(r"`([a-z_/]+\.py)`", recipe)} | {
            f"{folder}{Path(name).name}" for folder in re.findall(r"`([a-z_/]+/)`", recipe) for name in ADDITIONS[kind]
        }
        for path in re.findall(r"`([a-z_]+/[a-z_/]*(?:\.py)?)`", recipe):
            assert (REPOSITORY / path).exists(), path


def test_what_was_added_is_where_a_user_meets_it(copy: Path, runs: Path) -> None:
    told = json.loads(python("-c", LOOK, folder=copy, PYTHONPATH=str(copy)).splitlines()[-1])
    assert "Late LoRA" in told["method"]
    assert "my/base · from the Hub" in told["base"]
    assert "Brief study" in told["preset"]
    assert told["emotion set"] == ["These are 1 of the 2 labels of Awes.", "reverence", "Awed", True]
    assert told["chart"] == ["2 charts"], "the scores and the new one"
    assert "late-lora" in python("-m", "emocore", "methods", folder=copy, PYTHONPATH=str(copy))


def test_a_new_setting_is_one_new_field(copy: Path) -> None:
    run_python = partial(python, folder=copy, PYTHONPATH=str(copy))
    printed = run_python("-m", "emocore", "settings", "--markdown")
    (copy / "docs" / "settings.md").write_text(printed, encoding="utf-8")
    told = run_python("-m", "pytest", "-q", "tests/run/test_settings.py", "-k", "momentum")
    assert "7 passed" in told, told
