"""Decides which server may receive which of the user's keys, by scheme, host and port; no other module does.

WANDB_API_KEY goes to the server of WANDB_BASE_URL, to the public one, and to those that the user confirmed by launching
a run with `wandb_base_url`. HF_TOKEN goes to the user's own HF_ENDPOINT and to the public Hub. Servers named in a run's
folder do not count, because somebody else may have written it.
"""

import os
import re
from typing import Literal, NamedTuple

from emocore.system import installation

KeyName = Literal["WANDB_API_KEY", "HF_TOKEN"]

# The first server of each is the one in use; W&B's public server has two names.
PUBLIC_SERVERS: dict[KeyName, tuple[str, ...]] = {
    "WANDB_API_KEY": ("https://api.wandb.ai", "https://api.forge.coreweave.com"),
    "HF_TOKEN": ("https://huggingface.co",),
}
PUBLIC_WANDB = PUBLIC_SERVERS["WANDB_API_KEY"][0]
OWN_ADDRESS: dict[KeyName, str] = {"WANDB_API_KEY": "WANDB_BASE_URL", "HF_TOKEN": "HF_ENDPOINT"}
# Narrower than a URL may be: if two programs could read an address differently, no key goes there.
ADDRESS = re.compile(
    r"(https?)://([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?(?:/[\w.~/-]*)?", re.ASCII | re.IGNORECASE
)
PORTS = {"http": 80, "https": 443}


class Server(NamedTuple):
    """The server of an address, without the path."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}"


def find_server(address: str | None) -> Server | None:
    """The server of an address; None unless it is a plain http or https address without user name and password."""
    found = ADDRESS.fullmatch(address or "")
    if not found:
        return None
    scheme, host, port = found[1].lower(), found[2].lower(), found[3]
    number = int(port) if port else PORTS[scheme]
    return Server(scheme, host, number) if 0 < number < 2**16 else None


def may_have_key(address: str, key: KeyName) -> bool:
    """Whether the server at `address` may receive the key."""
    server = find_server(address)
    if server is None:
        return False
    allowed = [*PUBLIC_SERVERS[key], os.environ.get(OWN_ADDRESS[key])]
    if key == "WANDB_API_KEY":
        allowed += installation.confirmed_servers()
    return server in {find_server(one) for one in allowed}


def confirm_wandb_server(address: str) -> None:
    """Store that the user named this server for their key. It holds even if WANDB_BASE_URL names another server.

    Raises ConfigError if that cannot be stored.
    """
    server = find_server(address)
    if server and server not in map(find_server, PUBLIC_SERVERS["WANDB_API_KEY"]):
        installation.confirm_server(str(server))


def explain_refusal(address: str) -> str:
    """Part of a sentence: why no request goes to this address. It does not repeat an address that may hold a
    password."""
    server = find_server(address)
    if server is None:
        return (
            "the address of the W&B server is not a plain http or https address without user name and password; "
            "check WANDB_BASE_URL and wandb_base_url"
        )
    return f"{server} is not a W&B server that your key is for; if it is yours, set WANDB_BASE_URL to it"
