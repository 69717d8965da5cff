"""Several datasets: the series that all of them share, ranked on each by macro-F1."""

import streamlit as st

from emocore.charts.datasets import dataset_dots
from emocore.errors import DataError
from emocore.evaluation.chosen_datasets import ChosenDatasets, find_datasets
from emocore.evaluation.datasets import Ranking, describe_ranking, rank_series
from pages.compare.load import load_comparison
from pages.compare.view import View
from pages.shared.plain import plain

RANKS_HELP = (
    "Each dataset ranks the series by macro-F1: 1 is the highest, and equal scores share the mean of their ranks. A "
    "dataset counts once, however many texts and seeds it has."
)
SCORES_HELP = (
    "One dataset is harder than another, so compare only dots of one dataset. Lines are 95 % intervals over texts and, "
    "where there are several, runs."
)


def show(view: View) -> None:
    datasets = view.keep("datasets", lambda: find_datasets(view.comparison))
    if len(datasets.runs) > 1:
        _show_ranking(view, datasets)
    else:
        st.info(
            "A ranking takes two or more datasets. Launch the same methods on another dataset, then choose "
            '"several studies" at the top and both of them.',
            icon=":material/dataset:",
        )
        st.page_link("pages/launch/page.py", label="Launch", icon=":material/rocket_launch:")
    for note in datasets.notes:
        st.caption(plain(note))


def _show_ranking(view: View, datasets: ChosenDatasets) -> None:
    split, policy = view.comparison.split, view.comparison.policy

    def rank() -> Ranking:
        return rank_series({name: load_comparison(runs, split, (), policy) for name, runs in datasets.runs.items()})

    try:
        ranking = view.keep("ranking", rank)
    except DataError as error:
        st.info(plain(error), icon=":material/dataset:")
        return
    st.subheader("Ranks over datasets", help=RANKS_HELP)
    st.markdown(plain(describe_ranking(ranking)))
    for note in ranking.notes:
        st.caption(plain(note))
    _show_table(ranking)
    st.subheader("macro-F1 on each dataset", help=SCORES_HELP)
    view.draw("dataset_dots", lambda: dataset_dots(ranking.scores), alt="macro-F1 of each method on each dataset")
    st.caption("The report and the bundle do not hold this ranking; the command compare prints it.")


def _show_table(ranking: Ranking) -> None:
    """Series and mean ranks stay in sight while many datasets are scrolled. Titles make no dataset's name equal to that
    of another column."""
    titles = {str(name): f"macro-F1 on {name}" for name in ranking.f1_macro}
    table = ranking.f1_macro.rename(columns=titles)
    table.insert(0, "mean rank", ranking.mean_ranks)
    st.dataframe(
        table.reset_index(),
        hide_index=True,
        column_config={
            "series": st.column_config.TextColumn(pinned=True),
            "mean rank": st.column_config.NumberColumn(format="%.2f", help=RANKS_HELP, pinned=True),
            **{title: st.column_config.NumberColumn(name, format="%.3f") for name, title in titles.items()},
        },
    )
