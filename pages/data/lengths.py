"""How long the texts are in tokens of a base, and how many a run would cut."""

import numpy as np
import streamlit as st

from emocore.charts.data import length_bars
from emocore.errors import EmocoreError
from emocore.models.lengths import BUNDLED, MOST_COUNTED, count_tokens
from emocore.run.config import RunConfig
from emocore.run.settings import bounds, describe
from pages.data.load import Subject
from pages.shared.address import choose_one
from pages.shared.plain import plain

USUAL_LENGTH = int(RunConfig.model_fields["max_length"].default)


def show(subject: Subject) -> None:
    left, right = st.columns(2)
    base = choose_one(left, "Base", BUNDLED, name="base", key="data_base", help="Bases cut texts into other tokens.")
    limits = bounds("max_length")
    max_length = right.number_input(
        "max length", int(limits["ge"]), int(limits.get("le", 100_000)), USUAL_LENGTH, key="data_max_length",
        help=describe("max_length"),
    )  # fmt: skip
    texts = subject.table().frame["text"]
    try:
        with st.spinner("Counting tokens; a base is prepared first if it was never used", show_time=True):
            counts = subject.keep("lengths", lambda: _count(base, texts.to_numpy()), base)
    except EmocoreError as error:
        st.error(plain(error), icon=":material/error:")
        return
    cut = int((counts > max_length).sum())
    st.markdown(
        f"**{cut / len(counts):.1%}** of the texts ({cut:,} of {len(counts):,}) have more than {max_length:,} tokens "
        f"and are cut there. Half of the texts have at most {np.median(counts):,.0f} tokens; the longest has "
        f"{counts.max():,}."
    )
    if len(counts) < len(texts):
        st.caption(f"Counted on {len(counts):,} texts, drawn at random from {len(texts):,}.")
    st.plotly_chart(length_bars(counts, max_length), key="data_lengths", alt="How many texts have how many tokens")


def _count(base: str, texts: np.ndarray) -> np.ndarray:
    """Tokens of all texts, or of a random draw that is the same each time."""
    if len(texts) > MOST_COUNTED:
        texts = np.random.default_rng(0).choice(texts, MOST_COUNTED, replace=False)
    return count_tokens(base, texts.tolist())
