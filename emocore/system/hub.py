"""Access to the Hugging Face Hub, and control of where its token is sent.

Every call to the Hub passes `token=hub_token()`. A hook in the HTTP client of huggingface_hub decides for each request,
including redirects, whether it may carry the token. The first call imports huggingface_hub.
"""

from functools import cache
from pathlib import Path
from typing import Any

from emocore.system.keys import find_server, may_have_key

PART_BYTES = 2**18  # of a file; after each, progress is told, and a fetch can be stopped


def hub_token() -> bool | None:
    """The `token` for every call to the Hub: None lets huggingface_hub send the user's token, False sends none."""
    from huggingface_hub import constants

    _guard_requests()
    return None if may_have_key(constants.ENDPOINT, "HF_TOKEN") else False


def explain_withheld_token() -> str:
    """Part of a sentence: why the token was not sent, if `hub_token` is False."""
    from huggingface_hub import constants

    server = find_server(constants.ENDPOINT) or "an address that is not plain http or https"
    return f"HF_TOKEN was not sent to {server}: it goes only to the Hub of HF_ENDPOINT and to the public one"


def fetch_file(name: str, file: str, revision: str | None = None) -> Path | None:
    """A small file of a model on the Hub, from the cache if possible; None if the model has no such file, or if the Hub
    cannot be reached and the cache lacks it. Raises OSError or ValueError as huggingface_hub does."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError

    try:
        return Path(hf_hub_download(name, file, revision=revision, token=hub_token()))
    except EntryNotFoundError:
        return None


@cache
def _guard_requests() -> None:
    """Install the hook once per process. Files are fetched by plain HTTP, because Xet, another transfer method, would
    send the token past the hook to an address that a server names. They come in small parts."""
    from huggingface_hub import constants, set_client_factory

    constants.HF_HUB_DISABLE_XET = True
    constants.DOWNLOAD_CHUNK_SIZE = PART_BYTES
    set_client_factory(_make_client)


def _make_client() -> Any:
    from huggingface_hub.utils._http import default_client_factory

    client = default_client_factory()
    client.event_hooks = {**client.event_hooks, "request": [*client.event_hooks["request"], _withhold_token]}
    return client


def _withhold_token(request: Any) -> None:
    """Remove the token where it may not go. Called for every request, including redirects."""
    if not may_have_key(f"{request.url.scheme}://{request.url.netloc.decode('ascii')}", "HF_TOKEN"):
        request.headers.pop("authorization", None)
