"""The runs that the W&B test server stores, and its answers to queries."""

from __future__ import annotations

import json
import math
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

USER = {"id": "user", "name": "user", "username": "user", "entity": "team", "teams": {"edges": []}}
HISTORY, EVENTS = "wandb-history.jsonl", "wandb-events.jsonl"
SUMMARY, CONSOLE = "wandb-summary.json", "output.log"

Json = dict[str, Any]
RunKey = tuple[str, str, str]


@dataclass
class StoredRun:
    """One run as the server holds it. `streams` maps the client's name of a file to the lines it sent."""

    key: RunKey
    attributes: Json = field(default_factory=dict)
    streams: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    files: dict[str, bytes] = field(default_factory=dict)
    state: str = "running"
    exit_code: int | None = None

    @property
    def complete(self) -> bool:
        return self.state != "running"

    @property
    def config(self) -> Json:
        entries = json.loads(self.attributes.get("config", "{}"))
        return {name: entry["value"] for name, entry in entries.items() if name != "_wandb"}

    @property
    def summary(self) -> Json:
        return dict(json.loads(self._last_line(SUMMARY)))

    @property
    def history(self) -> list[Json]:
        return [json.loads(line) for line in self.streams[HISTORY]]

    @property
    def console(self) -> list[str]:
        return self.streams[CONSOLE]

    def _last_line(self, stream: str) -> str:
        return (self.streams[stream] or ["{}"])[-1]

    def upsert(self, variables: Json) -> None:
        self.attributes |= {name: value for name, value in variables.items() if value is not None}
        if self.complete:
            self.state, self.exit_code = "running", None

    def receive(self, body: Json) -> None:
        """Apply a file stream request; its offsets make a repeated request harmless."""
        for name, chunk in body.get("files", {}).items():
            start, lines = chunk["offset"], chunk["content"]
            self.streams[name][start : start + len(lines)] = lines
        if body.get("complete"):
            self.exit_code = body.get("exitcode")
            self.state = "failed" if self.exit_code else "finished"

    def select_fields(self, query: str, variables: Json) -> Json:
        """The fields that the query names: a client must not find more here than on the real server."""
        fields = self._stored_fields() | self._history_fields(variables)
        return {name: value for name, value in fields.items() if re.search(rf"\b{name}\b", query)}

    def _stored_fields(self) -> Json:
        sent, config = self.attributes, self.attributes.get("config", "{}")
        return {
            **{name: sent.get(name) for name in ("jobType", "notes", "commit", "description", "sweepName")},
            **dict.fromkeys(("createdAt", "heartbeatAt"), "2024-01-01T00:00:00Z"),
            "id": "/".join(self.key),
            "projectId": "1",
            "project": project_fields(*self.key[:2]),
            "name": self.key[2],
            "displayName": sent.get("displayName", self.key[2]),
            "tags": sent.get("tags", []),
            "group": sent.get("groupName"),
            "config": config,
            "wandbConfig": json.dumps(json.loads(config).get("_wandb", {}).get("value", {})),
            "state": self.state,
            "readOnly": False,
            "user": USER,
            "summaryMetrics": self._last_line(SUMMARY),
            "systemMetrics": self._last_line(EVENTS),
            "logLineCount": len(self.streams[CONSOLE]),
            "historyLineCount": len(self.streams[HISTORY]),
            "historyTail": json.dumps(self.streams[HISTORY][-1:]),
            "eventsLineCount": len(self.streams[EVENTS]),
            "eventsTail": json.dumps(self.streams[EVENTS][-1:]),
        }

    def _history_fields(self, variables: Json) -> Json:
        rows, first, stop = self.history, variables.get("minStep", 0), variables.get("maxStep", math.inf)
        return {
            "historyKeys": {"lastStep": max((row["_step"] for row in rows), default=-1)},
            "history": [json.dumps(row) for row in rows if first <= row["_step"] < stop],
            "parquetHistory": {"parquetUrls": [], "liveData": []},
        }


def project_fields(entity: str, project: str) -> Json:
    return {"id": f"{entity}/{project}", "name": project, "entity": {"id": entity, "name": entity}}
