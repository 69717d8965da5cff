"""The Hugging Face Hub: what it is sent and what is fetched before a model is loaded.

Every call to it passes `token=hub_token()`. What decides for each single request, one that a server's answer led to
included, is a hook of the client that huggingface_hub sends all of them with. The first call imports it.
"""

from functools import cache
from pathlib import Path
from typing import Any

from emocore.system.keys import find_server, may_have_key


def hub_token() -> bool | None:
    """What every call to the Hub passes as `token`: None lets huggingface_hub send the user's, False sends none."""
    from huggingface_hub import constants

    _guard_requests()
    return None if may_have_key(constants.ENDPOINT, "HF_TOKEN") else False


def explain_withheld_token() -> str:
    """Part of a sentence, for when `hub_token` is False."""
    from huggingface_hub import constants

    server = find_server(constants.ENDPOINT) or "what is no plain http or https address"
    return f"HF_TOKEN was not sent to {server}: it goes to the Hub of HF_ENDPOINT and to the public one alone"


def fetch_file(name: str, file: str, revision: str | None = None) -> Path | None:
    """A small file of a model on the Hub, from the cache where it is there; None where the model has no such file, or
    it is neither in the cache nor to be reached. Raises OSError or ValueError as huggingface_hub does."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError

    try:
        return Path(hf_hub_download(name, file, revision=revision, token=hub_token()))
    except EntryNotFoundError:
        return None


@cache
def _guard_requests() -> None:
    """Once a process. Xet, another way to fetch large files, sends the token past the hook to the address that a
    server names, so files come by plain HTTP."""
    from huggingface_hub import constants, set_client_factory

    constants.HF_HUB_DISABLE_XET = True
    set_client_factory(_make_client)


def _make_client() -> Any:
    from huggingface_hub.utils._http import default_client_factory

    client = default_client_factory()
    client.event_hooks = {**client.event_hooks, "request": [*client.event_hooks["request"], _withhold_token]}
    return client


def _withhold_token(request: Any) -> None:
    """Called for every request, redirected ones too."""
    if not may_have_key(f"{request.url.scheme}://{request.url.netloc.decode('ascii')}", "HF_TOKEN"):
        request.headers.pop("authorization", None)
