"""Try a text with any trained adapters, side by side."""

from typing import TYPE_CHECKING

import streamlit as st

from emocore.charts.probabilities import MOST_BARS, most_probable, probability_bars
from emocore.charts.style import LONGEST_NAME
from emocore.errors import EmocoreError
from emocore.run.listing import look_at_runs, runs_root
from emocore.text import name_some
from pages.shared.address import choose_several
from pages.shared.plain import plain
from pages.shared.titles import run_choice, run_title

if TYPE_CHECKING:
    from emocore.inference.classify import ClassifierPool

EXAMPLES = [
    "I can't believe we actually won, I'm still shaking!",
    "Another delay, another excuse. I'm done with this company.",
    "Miss you already. The house is too quiet without you.",
    "Not sure this ends well, but I trust her to try.",
    "Ew, who left this in the office fridge since June?",
]
DEFAULT_ADAPTERS = 3
CARD_WIDTH = 260  # pixels; three fit side by side on a laptop, and on a narrow screen they wrap
USUAL_NAME, CHARACTER = 20, 7  # characters of a name for which the width is made, and pixels of each further one
MOST_NAMED = 8  # emotions that were found and are named above the bars


@st.cache_resource(show_spinner="Loading PyTorch")
def classifier_pool() -> "ClassifierPool":
    """One pool for the app: bases are loaded once and shared by all adapters and sessions."""
    from emocore.inference.classify import ClassifierPool

    return ClassifierPool()


def take_example() -> None:
    if st.session_state["playground_example"]:
        st.session_state["playground_text"] = st.session_state["playground_example"]


st.title("Playground")
st.caption("See which emotions trained adapters find in a text. Several adapters answer side by side.")
finished = {run.id: run for run in reversed(look_at_runs(runs_root()).finished)}
if not finished:
    st.info("Nothing trained yet. The starter study trains three adapters to try here.", icon=":material/info:")
    st.page_link("pages/start/page.py", label="Starter study", icon=":material/play_arrow:")
    st.stop()

latest = next(iter(finished.values())).config.study
of_latest_study = [run_id for run_id, run in finished.items() if latest and run.config.study == latest]
chosen = choose_several(
    "Adapters",
    finished,
    name="runs",
    key="playground_runs",
    describe=run_choice,
    default=of_latest_study[::-1][:DEFAULT_ADAPTERS] or [next(iter(finished))],
)
st.session_state.setdefault("playground_text", EXAMPLES[0])
text = st.text_input("Text", key="playground_text", max_chars=4000, help="Enter classifies.")
st.pills("Examples", EXAMPLES, key="playground_example", on_change=take_example)
if not chosen or not text.strip():
    st.info("Choose at least one adapter and type a text.", icon=":material/info:")
    st.stop()

try:
    pool = classifier_pool()
    with st.spinner("Reading the text"):
        from emocore.inference.classify import classify

        answers = [(run, classify(pool, [run], [text.strip()])) for run in chosen]
except EmocoreError as error:
    st.error(plain(error), title="This adapter cannot answer")
    st.stop()

tables = [answer for _, answer in answers]
most = max(answer["emotion"].nunique() for answer in tables)
shows_all = most <= MOST_BARS or st.toggle(
    f"All {most} emotions", key="playground_all", help=f"Otherwise the {MOST_BARS} that are the most probable here."
)
longest = max(len(emotion) for answer in tables for emotion in answer["emotion"])
width = CARD_WIDTH + CHARACTER * max(0, min(longest, LONGEST_NAME) - USUAL_NAME)
with st.container(horizontal=True):
    for run, answer in answers:
        with st.container(border=True, width=width):
            st.markdown(f"**{plain(run_title(run))}**")
            found = answer[answer["predicted"]].sort_values("probability", ascending=False)["emotion"]
            told = name_some(found, most=MOST_NAMED)
            st.markdown(plain(told) if told else "*no emotion over its threshold*")
            st.plotly_chart(
                probability_bars(answer, list(answer["emotion"]) if shows_all else most_probable(answer, tables)),
                key=f"playground_{run.id}",
                config={"displayModeBar": False},
                alt=f"Probability of each emotion, those over their threshold: {told or 'none'}",
            )
            if note := pool.get(run).note:
                st.caption(f"Note: {note}.")
st.caption(
    "Bars in full colour are above their threshold, which the small line marks; pale bars are below. Each emotion has "
    "its own threshold, tuned on the run's validation split, unless the run was launched with a fixed one."
)
