"""The Launch form's first questions: which data, which base, which methods."""

import itertools

import streamlit as st

from emocore.data.registry.store import Dataset, datasets_root, list_datasets
from emocore.errors import DataError
from emocore.jobs.presets import STUDY_METHODS
from emocore.models.bases import BASES
from emocore.models.methods.catalogue import METHODS, method_title
from emocore.run.config import STARTER
from emocore.run.settings import describe
from emocore.text import counted, format_count
from pages.launch.settings import add_error_slot
from pages.shared.address import choose_one, write
from pages.shared.plain import plain

DATASET, FILE = "Dataset", "File on disk"
METHOD_GUIDE = "\n".join(
    f"\n**{family.title}.** {family.summary}\n"
    + "\n".join(f"- **{method.title}**: {method.summary}" for method in methods)
    for family, methods in itertools.groupby(METHODS.values(), key=lambda method: method.family)
)


def choose_data() -> str | None:
    """A dataset by its name, or a file by its path; None as long as no file is named."""
    source = st.segmented_control(
        "Data", [DATASET, FILE], default=DATASET, required=True, help=describe("data"), key="launch_source"
    )
    data = _choose_dataset() if source == DATASET else _name_file()
    add_error_slot("data")
    return data


def _choose_dataset() -> str:
    datasets = {dataset.manifest.reference: dataset for dataset in list_choices()}
    wanted = st.session_state.get("launch_dataset", st.query_params.get("data", STARTER))
    if wanted not in (STARTER, *datasets):
        st.warning(
            f"There is no dataset {plain(wanted[:200])} here, so the starter set is chosen.",
            icon=":material/search_off:",
        )
    chosen = choose_one(
        st, "Dataset", [STARTER, *datasets], name="data", key="launch_dataset", label_visibility="collapsed",
        format_func=lambda name: _describe(datasets[name]) if name in datasets else "Starter set, built in",
    )  # fmt: skip
    with st.container(horizontal=True):
        st.page_link(
            "pages/data/page.py", label="Look at it", icon=":material/search:", query_params={"dataset": chosen}
        )
        st.page_link(
            "pages/data/page.py", label="Add your own data", icon=":material/add_circle:",
            query_params={"add": "upload"},
        )  # fmt: skip
    return chosen


def list_choices() -> list[Dataset]:
    """All versions by name, of each name the latest first. What cannot be listed is warned of on the Data page."""
    try:
        found = list_datasets(datasets_root())
    except DataError:
        return []
    return sorted(found, key=lambda dataset: (dataset.manifest.name.lower(), -dataset.manifest.version))


def _describe(dataset: Dataset) -> str:
    manifest = dataset.manifest
    return f"{dataset.title} · {counted(sum(manifest.rows.values()), 'text')}, {counted(len(manifest.labels), 'label')}"


def _name_file() -> str | None:
    write({"data": None})
    path = st.text_input(
        "Path of a CSV or TSV", key="launch_path", placeholder="/home/me/tweets.csv",
        help="It must be below your home or the working directory; EMOCORE_DATA_FOLDERS names further folders.",
    ).strip()  # fmt: skip
    if not path:
        st.caption(
            "The file has a text column and one 0/1 column per emotion, such as ID, Tweet, anger, …, trust. "
            "Files of any other form are added on the Data page."
        )
    return path or None


def choose_base() -> str:
    base = st.selectbox(
        "Base", list(BASES), key="launch_base", accept_new_options=True,
        help=describe("base") + " You can type any Hub id or folder.", format_func=_name_base,
    )  # fmt: skip
    add_error_slot("base")
    known = BASES.get(base)
    if known:
        size = "" if known.parameters is None else f"{format_count(known.parameters)} parameters, "
        context = "" if known.context_length is None else f"{known.context_length:,} tokens, "
        origin = " Fetched from the Hugging Face Hub when it is first used." if known.source == "hub" else ""
        st.caption(f"{size}{context}{known.pooling} pooling, {known.licence}. {known.note}{origin}")
    return base


def _name_base(name: str) -> str:
    """The name, and where a known base comes from if it is not there yet."""
    return f"{name} · from the Hub" if name in BASES and BASES[name].source == "hub" else name


def choose_methods() -> list[str]:
    """Names of methods, in the order in which they were chosen."""
    cloned = [name for name in st.session_state.get("launch_methods", []) if name not in METHODS]  # a peft:TYPE
    methods = st.multiselect(
        "Methods", [*METHODS, *cloned], default=list(STUDY_METHODS), key="launch_methods", format_func=method_title
    )
    add_error_slot("methods")
    with st.popover("What each method does", icon=":material/menu_book:", type="tertiary"):
        st.markdown(METHOD_GUIDE)
    return methods
