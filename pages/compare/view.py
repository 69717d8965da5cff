"""The input of every view of a comparison."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from emocore.evaluation.comparison import Comparison
from emocore.evaluation.headline import Headline
from emocore.evaluation.predictions import Predictions, ThresholdPolicy
from emocore.run.folder import RunFolder
from pages.shared.plain import plain
from pages.shared.results import Version, keep

T = TypeVar("T")
EMOTION_KEY = "compare_emotion"
GENERATION_KEY = "compare_generation"
ALL_EMOTIONS = "<all>"  # no emotion's name has a < or >


@dataclass(frozen=True)
class View:
    """`emotion` filters the page, None for all; `runs` are the chosen runs, including those without a result;
    `compare_at` makes the same comparison at other thresholds. `version` is a cache key: it changes with the comparison
    and with its files."""

    comparison: Comparison
    headline: Headline
    audit: pd.DataFrame
    emotion: str | None
    runs: list[RunFolder]
    compare_at: Callable[[ThresholdPolicy], Comparison]
    version: Version

    @property
    def is_one_series(self) -> bool:
        """Whether there is only one series, so nothing to compare."""
        return self.comparison.scores["series"].nunique() == 1

    def keep(self, name: str, make: Callable[[], T], *choices: object) -> T:
        """Returns the result of `make`, cached for this comparison and these `choices`."""
        return keep((name, self.version, *choices), make)

    def draw(self, name: str, make: Callable[[], go.Figure], *choices: object, **options: Any) -> None:
        """Draw the figure that `make` returns, cached likewise; `options` are those of `st.plotly_chart`."""
        st.plotly_chart(self.keep(name, make, *choices), **{"key": f"compare_{name}"} | options)

    def require_predictions(self) -> Predictions:
        """Returns the predictions of the largest group of runs on the same texts. Says so and stops without any."""
        predictions = self.comparison.largest_group
        if predictions is None:
            st.info("This needs predictions, which runs from W&B do not have.", icon=":material/info:")
            st.stop()
        if len(self.comparison.groups) > 1:
            st.caption(plain(f"Shown are the runs on the same texts: {', '.join(predictions.members)}."))
        return predictions


def selectable(name: str) -> dict[str, Any]:
    """Options of a chart that filters the page by the emotion of the clicked point; a second click ends the filter."""
    key = f"compare_{name}_{st.session_state.get(GENERATION_KEY, 0)}"
    return {"key": key, "on_select": partial(_select_emotion, key), "selection_mode": "points"}


def renew_charts() -> None:
    """Callback of the emotion box: clear the charts' selection, since a click on a selected point only deselects it."""
    st.session_state[GENERATION_KEY] = st.session_state.get(GENERATION_KEY, 0) + 1


def _select_emotion(chart_key: str) -> None:
    points = st.session_state[chart_key].selection.points
    st.session_state[EMOTION_KEY] = points[0]["customdata"][0] if points else ALL_EMOTIONS
