"""Which server may be sent which of the user's keys: decided here alone, by scheme, host and port.

WANDB_API_KEY goes to the server of WANDB_BASE_URL, to the public one, and to those that the user confirmed by
launching a run with `wandb_base_url`. HF_TOKEN goes to the user's own HF_ENDPOINT and to the public Hub. What a run's
folder says of servers counts for nothing here: somebody else may have written it.
"""

import os
import re
from typing import Literal, NamedTuple

from emocore.system import installation

KeyName = Literal["WANDB_API_KEY", "HF_TOKEN"]

# The first of each is the one that is asked; W&B's own goes by two names.
PUBLIC_SERVERS: dict[KeyName, tuple[str, ...]] = {
    "WANDB_API_KEY": ("https://api.wandb.ai", "https://api.forge.coreweave.com"),
    "HF_TOKEN": ("https://huggingface.co",),
}
PUBLIC_WANDB = PUBLIC_SERVERS["WANDB_API_KEY"][0]
OWN_ADDRESS: dict[KeyName, str] = {"WANDB_API_KEY": "WANDB_BASE_URL", "HF_TOKEN": "HF_ENDPOINT"}
# Narrower than what a URL may be: where two programs could read one address differently, no key goes there.
ADDRESS = re.compile(
    r"(https?)://([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?(?:/[\w.~/-]*)?", re.ASCII | re.IGNORECASE
)
PORTS = {"http": 80, "https": 443}


class Server(NamedTuple):
    """What an address leads to, whatever path it has."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}"


def find_server(address: str | None) -> Server | None:
    """None for what is no plain http or https address; one with a name and password in it is none either."""
    found = ADDRESS.fullmatch(address or "")
    if not found:
        return None
    scheme, host, port = found[1].lower(), found[2].lower(), found[3]
    number = int(port) if port else PORTS[scheme]
    return Server(scheme, host, number) if 0 < number < 2**16 else None


def may_have_key(address: str, key: KeyName) -> bool:
    """Whether the server at `address` may be sent the key."""
    server = find_server(address)
    if server is None:
        return False
    allowed = [*PUBLIC_SERVERS[key], os.environ.get(OWN_ADDRESS[key])]
    if key == "WANDB_API_KEY":
        allowed += installation.confirmed_servers()
    return server in {find_server(one) for one in allowed}


def confirm_wandb_server(address: str) -> None:
    """The user named this server for their key, which holds when WANDB_BASE_URL names another one, too.

    Raises ConfigError if that cannot be kept.
    """
    server = find_server(address)
    if server and server not in map(find_server, PUBLIC_SERVERS["WANDB_API_KEY"]):
        installation.confirm_server(str(server))


def explain_refusal(address: str) -> str:
    """Part of a sentence: why W&B is not asked at this address. It does not repeat one that may hold a password."""
    server = find_server(address)
    if server is None:
        return (
            "the address of the W&B server is no plain http or https address, without a name and password in it; "
            "see to WANDB_BASE_URL and wandb_base_url"
        )
    return f"{server} is not a W&B server that your key is for; if it is yours, set WANDB_BASE_URL to it"
