"""One run: live curves, log, results, and its settings as it ran."""

import pandas as pd
import streamlit as st

from emocore.charts.curves import metric_curves
from emocore.config import describe
from emocore.errors import EmocoreError
from emocore.evaluation.curves import curve_table
from emocore.folder import find_run, runs_root
from emocore.jobs.overview import describe_run
from emocore.jobs.scheduler import pause_file
from emocore.metrics import METRIC_DESCRIPTIONS
from emocore.states import RunStatus
from emocore.text import format_bytes, format_count, format_seconds
from pages.shared.entry import require_app
from pages.shared.plain import plain
from pages.shared.queue import tend_or_warn
from pages.shared.readers import history_reader
from pages.shared.run_actions import show_actions
from pages.shared.tables import STATUS_COLORS
from pages.shared.titles import run_name

require_app()

LOG_LINES = 40


try:
    run = find_run(runs_root(), st.query_params.get("run", ""))
    config, result = run.config, run.read_json("result.json")
    alive = not run.state.status.is_final
except EmocoreError as error:
    st.title("Run")
    st.warning(plain(error), icon=":material/search_off:")
    st.page_link("pages/runs.py", label="All runs", icon=":material/list:")
    st.stop()

st.title(plain(run_name(run)))
st.caption(plain(f"{run.id}{f' · study {config.study}' if config.study else ''} · seed {config.seed}"))


@st.fragment(run_every=1 if alive else None)
def show_live() -> None:
    try:
        overview = describe_run(run)
    except EmocoreError:  # deleted elsewhere while this page was open
        st.rerun(scope="app")
    st.badge(overview.status, color=STATUS_COLORS[overview.status])
    if overview.status == RunStatus.QUEUED and pause_file(runs_root()).exists():
        st.warning("The queue is paused; the Runs page opens it again.", icon=":material/pause:")
    if alive:
        tend_or_warn(runs_root())
    if overview.reason:
        (st.error if overview.status == RunStatus.FAILED else st.warning)(plain(overview.reason))
    if not RunStatus(overview.status).is_final:
        left = f", {format_seconds(overview.remaining_seconds)} left" if overview.remaining_seconds is not None else ""
        so_far = f"{format_seconds(overview.elapsed_seconds)} so far" if overview.elapsed_seconds else "Not begun yet"
        st.progress(overview.progress, text=so_far + left)
    history = history_reader().read(run)
    if history.rows:
        table = curve_table([(run.id, config, history)])
        columns = st.columns(2)
        with columns[0]:
            st.markdown("**Validation F1**", help=METRIC_DESCRIPTIONS["f1_macro"])
            figure = metric_curves(table, "validation/f1_macro", "macro-F1", y_range=(0, 1))
            st.plotly_chart(figure, key="run_f1", alt="Validation macro-F1 over the epochs")
        with columns[1]:
            st.markdown("**Training loss**")
            figure = metric_curves(table, "train/loss", "loss")
            st.plotly_chart(figure, key="run_loss", alt="Training loss over the epochs")
        link = f" [Open it on W&B]({history.url})." if history.url else ""
        st.caption(f"Curves {plain(history.source)}.{link}")
    with st.expander("Log", expanded=overview.status != RunStatus.FINISHED):
        st.code(run.tail_log(LOG_LINES) or "Nothing logged yet.", language=None)
    if alive and RunStatus(overview.status).is_final:
        st.rerun(scope="app")


show_live()
show_actions(run)

if result:
    st.subheader("Results")
    for split in [name for name in ("validation", "test") if result[name]]:
        scores = result[split]["multilabel"]
        st.markdown(f"**{split.capitalize()} split**, threshold {config.threshold:g}")
        with st.container(horizontal=True):
            for name, title in (("f1_macro", "macro-F1"), ("f1_micro", "micro-F1"), ("jaccard", "Jaccard")):
                st.metric(title, f"{scores[name]:.3f}", help=METRIC_DESCRIPTIONS[name])
        emotions = pd.DataFrame(scores["per_emotion"]).T.sort_values("support", ascending=False)
        st.dataframe(
            emotions.style.format("{:.3f}", subset=emotions.columns[:4]).format("{:,.0f}", subset=emotions.columns[4:])
        )
    cost = result["cost"]
    with st.container(horizontal=True):
        st.metric("training", format_seconds(cost["train_seconds"]))
        st.metric("samples / s", f"{cost['samples_per_second']:.1f}")
        st.metric("peak memory", format_bytes(cost["peak_memory_bytes"]))
        st.metric("trainable", format_count(cost["trainable_parameters"]), help="Parameters of adapter and head.")
        st.metric("adapter", format_bytes(cost["adapter_bytes"]))
disk = f"{format_bytes(run.disk_bytes())} on disk"
attempts = run.state.attempts
st.caption(f"{disk}, {attempts} attempts." if attempts > 1 else f"{disk}.")
with st.expander("Settings, as it ran"):
    settings = [
        {"setting": name, "value": str(value), "meaning": describe(name)}
        for name, value in config.model_dump(exclude_none=True).items()
    ]
    st.dataframe(pd.DataFrame(settings), hide_index=True)
