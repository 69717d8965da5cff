"""A new dataset from the Hugging Face Hub: its name, how far its files are, and what is wrong if they do not come."""

import re

import streamlit as st

from emocore.data.hub.address import PREFIX
from emocore.data.hub.importing import HubFiles
from emocore.errors import EmocoreError, HubConfigError
from emocore.text import counted, first_line, format_bytes
from pages.data.fetching import Fetch, shorten_address, show_fetching
from pages.shared.plain import plain

EXAMPLES = (
    "google-research-datasets/go_emotions/simplified",
    "brighter-dataset/BRIGHTER-emotion-categories/eng",
    "SemEvalWorkshop/sem_eval_2018_task_1/subtask5.english",
)
FETCH_KEY = "data_hub_fetch"  # the fetch of this browser session, also while another page is shown
ADDRESS_KEY, REVISION_KEY, EXAMPLE_KEY, CONFIG_KEY = (
    "data_hub_address", "data_hub_revision", "data_hub_example", "data_hub_config",
)  # fmt: skip


def choose_from_hub() -> HubFiles | None:
    """Show the inputs, and below them how far the fetch is or what is wrong; the files once they are here."""
    fetch: Fetch | None = st.session_state.get(FETCH_KEY)
    _show_inputs(fetch)
    with st.container(key="data_hub_state"):
        return _show_state(fetch)


def _show_state(fetch: Fetch | None) -> HubFiles | None:
    if fetch is None:
        st.info(
            "Name a dataset, and fetch it. Its files are kept in the Hub's cache on this machine, and nothing is "
            "registered before you say so.",
            icon=":material/info:",
        )
        return None
    if not fetch.future.done():
        show_fetching(fetch)
        st.button("Stop", icon=":material/stop_circle:", key="data_hub_stop", on_click=drop_fetch)
        return None
    if error := fetch.future.exception():
        _show_problem(fetch, error)
        return None
    fetched = fetch.future.result()
    st.caption(plain(_describe(fetched)))
    return fetched


def suggest_name(fetched: HubFiles) -> str:
    """go_emotions-simplified; the name of the dataset alone where its config is called default."""
    name, config = fetched.origin.repository.rpartition("/")[2], fetched.origin.config
    return name if config == "default" else f"{name}-{config}"


def drop_fetch() -> None:
    """Stop the fetch, or let go of its files."""
    if fetch := st.session_state.pop(FETCH_KEY, None):
        fetch.stop()


def _show_inputs(fetch: Fetch | None) -> None:
    """Each starts with what is fetched, when the page is shown again."""
    st.session_state.setdefault(ADDRESS_KEY, fetch.address if fetch else "")
    st.session_state.setdefault(REVISION_KEY, fetch.revision if fetch else "")
    with st.form("data_hub", border=False):
        left, right = st.columns([3, 1])
        left.text_input(
            "Dataset on the Hugging Face Hub", key=ADDRESS_KEY,
            placeholder="OWNER/DATASET or OWNER/DATASET/CONFIG",
            help="Its own splits, the names of its classes and its licence are taken over. Only parquet files are "
            "read, its own or those that the Hub converted, and no code of a dataset runs.",
        )  # fmt: skip
        right.text_input(
            "Revision", key=REVISION_KEY, placeholder="newest",
            help="A branch, a tag or a commit; by default the newest commit. The dataset keeps which commit it was.",
        )  # fmt: skip
        st.form_submit_button("Fetch", icon=":material/cloud_download:", key="data_hub_start", on_click=_start)
    if fetch is None:
        st.pills("Examples", EXAMPLES, key=EXAMPLE_KEY, on_change=_take_example)


def _show_problem(fetch: Fetch, error: BaseException) -> None:
    if isinstance(error, HubConfigError):
        st.warning(plain(_without_prefix(error)), icon=":material/account_tree:")
        st.selectbox(
            "Config", error.configs, index=None, key=CONFIG_KEY, on_change=_take_config, args=(error.dataset_id,),
            placeholder=f"Choose one of {counted(len(error.configs), 'config')}",
        )  # fmt: skip
    elif isinstance(error, EmocoreError):
        st.error(plain(_without_prefix(error)), icon=":material/error:")
    else:
        what = f"{fetch.address} could not be fetched ({type(error).__name__}: {first_line(error)})"
        st.error(
            plain(f"{what}; try again, or download its parquet files, and add them as files"), icon=":material/error:"
        )


def _without_prefix(error: EmocoreError) -> str:
    """The message without what only a command line needs before a name."""
    return re.sub(rf"\b{PREFIX}", "", error.message)


def _describe(fetched: HubFiles) -> str:
    """OWNER/DATASET, config simplified, commit 0123456789ab: 3 files, 4.2 MB, licence: apache-2.0."""
    origin, shards = fetched.origin, [shard for part in fetched.shards.values() for shard in part]
    size = f"{counted(len(shards), 'file')}, {format_bytes(sum(shard.bytes for shard in shards))}"
    licence = f", licence: {fetched.licence}" if fetched.licence else ""
    return f"{origin.repository}, config {origin.config}, commit {origin.revision[:12]}: {size}{licence}"


def _start() -> None:
    """A callback, as those below: it runs before the page is drawn. A fetch that still runs is stopped."""
    address = st.session_state[ADDRESS_KEY] = shorten_address(st.session_state[ADDRESS_KEY])
    revision = st.session_state[REVISION_KEY].strip()
    drop_fetch()
    if address:
        st.session_state[FETCH_KEY] = Fetch(address, revision)


def _take_example() -> None:
    if example := st.session_state[EXAMPLE_KEY]:
        st.session_state[ADDRESS_KEY] = example


def _take_config(dataset_id: str) -> None:
    if config := st.session_state[CONFIG_KEY]:
        st.session_state[ADDRESS_KEY] = f"{dataset_id}/{config}"
        _start()
