"""The content of `wandb.json`: where a run is on W&B."""

import re
from typing import Annotated, Literal, Self

from pydantic import StringConstraints, field_validator, model_validator

from emocore.run.records import Strict
from emocore.system.keys import find_server

Text = Annotated[str, StringConstraints(max_length=2000)] | None
# The address of a run's page, shown as a link: it has no user name and no character that would end the link.
PAGE = re.compile(r"(https?://[^/@\s]+)(/[\w.~/%?=&+:,-]*)?", re.ASCII)


class WandbPlace(Strict):
    """`wandb.json`. `reason` says why the run is not online or not complete, if so. `entity`, `project`, `id` and
    `base_url` are its address, which is complete if it is online; `url` is its page. `complete` says whether W&B has
    everything, including the run's end."""

    mode: Literal["online", "offline"]
    reason: Text
    entity: Text
    project: Text
    id: Text
    url: Text
    base_url: Text
    complete: bool

    @property
    def path(self) -> str:
        """The path by which W&B's API finds the run."""
        return f"{self.entity}/{self.project}/{self.id}"

    @field_validator("base_url")
    @classmethod
    def _check_server(cls, address: str | None) -> str | None:
        if address and not find_server(address):
            raise ValueError("should be the address of a server")
        return address

    @field_validator("url")
    @classmethod
    def _check_page(cls, address: str | None) -> str | None:
        if address and not ((found := PAGE.fullmatch(address)) and find_server(found[1])):
            raise ValueError("should be the address of a page")
        return address

    @model_validator(mode="after")
    def _check_address(self) -> Self:
        if self.mode == "online" and not all((self.entity, self.project, self.id, self.base_url)):
            raise ValueError("an online run should have an entity, a project, an id and a base_url")
        return self
