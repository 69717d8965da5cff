"""The form of a study: one setting to vary, settings of single methods, and a list of the planned runs."""

from typing import Any

import pandas as pd
import streamlit as st

from emocore.errors import ConfigError
from emocore.models.families import Pooling
from emocore.models.methods.catalogue import find_method, method_title
from emocore.run.config import RunConfig
from emocore.run.parse import parse_list, parse_method_settings
from emocore.run.settings import VARIED, describe, title
from emocore.run.study import StudyConfig
from pages.launch.settings import VARIED_KEY, add_error_slot, setting_input

NOTHING = "nothing"
RATES_IN_A_ROW = 3
EXAMPLES = {"rows": "125, 250, 500, 1000", "learning_rate": "1e-4, 1e-3, 1e-2"}


def choose_rates(methods: list[str], pooling: Pooling) -> dict[str, dict[str, Any]]:
    """One learning rate per method, since good values differ between methods."""
    chosen = [method for method in map(find_method, methods) if "learning_rate" in method.settings]
    rates = {}
    for place, method in enumerate(chosen):
        if place % RATES_IN_A_ROW == 0:
            columns = st.columns(RATES_IN_A_ROW)
        with columns[place % RATES_IN_A_ROW]:
            default = method.default("learning_rate", pooling)
            key = f"launch_rate_{method.name}"
            rate = setting_input("learning_rate", f"{method.title} learning rate", default, key)
            if rate is not None:
                rates[method.name] = {"learning_rate": rate}
    return rates


def choose_vary() -> dict[str, list[str]]:
    """One setting with the values to try, as typed."""
    left, right = st.columns(2)
    setting = left.selectbox(
        "Vary", [NOTHING, *VARIED], key=VARIED_KEY, format_func=title,
        help="One setting takes several values, with one run per method, value and seed. Compare draws F1 against "
        "training rows and learning rate; subsets of rows are nested.",
    )  # fmt: skip
    values = ""
    if setting != NOTHING:
        values = right.text_input(
            "Values", key="launch_vary_values", placeholder=EXAMPLES.get(setting, "separated by commas"),
            help=describe(setting),
        )  # fmt: skip
    add_error_slot("vary")
    return {} if setting == NOTHING else {setting: parse_list(values)}


def choose_method_settings() -> list[str]:
    """Lines with settings that hold for only one method."""
    with st.expander("Settings of single methods", expanded=bool(st.session_state.get("launch_own"))):
        text = st.text_area(
            "One METHOD.SETTING=VALUE per line", key="launch_own", placeholder="qlora.max_steps=40", height="content",
            help="For example lora.lora_rank=8 or ia3.base=smollm2-135m. With another base, or fewer steps, this is no "
            "longer a fair comparison of methods.",
        )  # fmt: skip
        add_error_slot("method_settings")
    return [line.strip() for line in text.splitlines() if line.strip()]


def join_method_settings(
    rates: dict[str, dict[str, Any]], lines: list[str], methods: list[str]
) -> dict[str, dict[str, Any]]:
    """Settings by method, from both. Raises ConfigError for a line that cannot be read or a rate given twice."""
    own = parse_method_settings(lines, methods)
    for method in rates:
        if "learning_rate" in own.get(method, {}):
            raise ConfigError(
                f"{method}.learning_rate is given twice; leave one of the two out", field="method_settings"
            )
    return {method: {**rates.get(method, {}), **own.get(method, {})} for method in {**rates, **own}}


def show_planned_runs(configs: list[RunConfig], study: StudyConfig) -> None:
    """Show one line per run, with the settings that differ between them."""
    own = [name for given in study.method_settings.values() for name in given]
    names = list(dict.fromkeys(["base", "seed", *(["replicate"] if study.replicates > 1 else []), *study.vary, *own]))
    frame = pd.DataFrame(
        {"method": method_title(config.method)} | {title(name): _cell(name, getattr(config, name)) for name in names}
        for config in configs
    )
    st.dataframe(frame, hide_index=True, key="launch_planned", alt="The runs that will be launched")


def _cell(name: str, value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, int):
        return str(value) if name == "seed" else f"{value:,}"
    return "–" if value is None else str(value).rstrip("/").rsplit("/", 1)[-1]
