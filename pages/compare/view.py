"""What every view of a comparison is given."""

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
from pages.compare.load import Version, keep
from pages.shared.plain import plain

T = TypeVar("T")
EMOTION_KEY = "compare_emotion"
GENERATION_KEY = "compare_generation"
ALL_EMOTIONS = "<all>"  # no emotion's name has a < or >


@dataclass(frozen=True)
class View:
    """`emotion` is the one that the page is filtered by, None for all; `runs` are the chosen ones with those that have
    no result; `compare_at` is the same comparison at other thresholds. `version` is another one for any other
    comparison, and for the same one of changed files."""

    comparison: Comparison
    headline: Headline
    audit: pd.DataFrame
    emotion: str | None
    runs: list[RunFolder]
    compare_at: Callable[[ThresholdPolicy], Comparison]
    version: Version

    @property
    def is_one_series(self) -> bool:
        """Whether there is nothing to compare it with."""
        return self.comparison.scores["series"].nunique() == 1

    def keep(self, name: str, make: Callable[[], T], *choices: object) -> T:
        """What `make` returns, made once for this comparison; `choices` are what it depends on beside."""
        return keep((name, self.version, *choices), make)

    def draw(self, name: str, make: Callable[[], go.Figure], *choices: object, **options: Any) -> None:
        """The figure that `make` returns, kept likewise; `options` are those of `st.plotly_chart`."""
        st.plotly_chart(self.keep(name, make, *choices), **{"key": f"compare_{name}"} | options)

    def require_predictions(self) -> Predictions:
        """The largest group of runs on the same texts; without predictions the view says so and ends."""
        predictions = self.comparison.largest_group
        if predictions is None:
            st.info("This needs predictions, which runs from W&B do not have.", icon=":material/info:")
            st.stop()
        if len(self.comparison.groups) > 1:
            st.caption(plain(f"Of the runs on the same texts: {', '.join(predictions.members)}."))
        return predictions


def selectable(name: str) -> dict[str, Any]:
    """Options of a chart whose points hold their emotion: a click filters the page by it, another one ends that."""
    key = f"compare_{name}_{st.session_state.get(GENERATION_KEY, 0)}"
    return {"key": key, "on_select": partial(_select_emotion, key), "selection_mode": "points"}


def renew_charts() -> None:
    """Callback of the box for the emotion: no point is selected any more, or clicking it would only deselect it."""
    st.session_state[GENERATION_KEY] = st.session_state.get(GENERATION_KEY, 0) + 1


def _select_emotion(chart_key: str) -> None:
    points = st.session_state[chart_key].selection.points
    st.session_state[EMOTION_KEY] = points[0]["customdata"][0] if points else ALL_EMOTIONS
