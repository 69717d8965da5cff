"""A session with the app's server that speaks Streamlit's protocol and draws nothing.

It sends what a browser sends and reads everything that a browser gets, so it measures the server and the transfer. Not
covered: the files of the browser's own program, and what a browser does with what it has got.
"""

import time
from dataclasses import dataclass

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect
from websockets.typing import Subprotocol

PAGE_SECONDS = 120.0  # after which a page counts as hung


@dataclass(frozen=True)
class Drawn:
    """A page or a part of one, from the request until the server has sent all of it."""

    seconds: float
    bytes: int


@dataclass
class Timer:
    """A part of the page that asks to be drawn again every `interval` seconds; `at` is the next time."""

    fragment: str
    interval: float
    at: float


class Session:
    """One tab. Not for several threads."""

    def __init__(self, port: int) -> None:
        self._socket = connect(
            f"ws://127.0.0.1:{port}/_stcore/stream", subprotocols=[Subprotocol("streamlit")], max_size=None
        )
        self._query, self._page = "", ""
        self._pages: dict[str, str] = {}  # path in the address -> hash
        self._known: set[str] = set()  # messages that need not be sent again
        self._timers: list[Timer] = []

    def close(self) -> None:
        self._socket.close()

    def open(self, page: str, query: str = "") -> Drawn:
        """Draw a page of the app; after the first one, as a click on a link to it does. Raises RuntimeError if the page
        shows an error of the program."""
        self._query, self._page = query, self._pages.get(page, "")
        return self._draw(ClientState(page_name=page if not self._page else ""))

    def refresh(self, seconds: float) -> int:
        """Draw what has a timer again whenever a browser would, for so long; returns how often that was."""
        end, count = time.monotonic() + seconds, 0
        while self._timers and (timer := min(self._timers, key=lambda timer: timer.at)).at < end:
            time.sleep(max(0.0, timer.at - time.monotonic()))
            timer.at += timer.interval
            self._draw(ClientState(fragment_id=timer.fragment, is_auto_rerun=True))
            count += 1
        time.sleep(max(0.0, end - time.monotonic()))
        return count

    def _draw(self, state: ClientState) -> Drawn:
        state.query_string, state.page_script_hash = self._query, self._page
        state.cached_message_hashes.extend(self._known)
        began, received, timers = time.monotonic(), 0, []
        self._socket.send(BackMsg(rerun_script=state).SerializeToString())
        while True:
            content = self._socket.recv(timeout=PAGE_SECONDS)
            assert isinstance(content, bytes)
            received += len(content)
            message = ForwardMsg.FromString(content)
            self._note(message)
            kind = message.WhichOneof("type")
            if kind == "auto_rerun":
                timer = message.auto_rerun
                timers.append(Timer(timer.fragment_id, timer.interval, time.monotonic() + timer.interval))
            elif kind == "script_finished":
                ended = message.script_finished
                if ended == ForwardMsg.FINISHED_SUCCESSFULLY:  # the whole page, whose former timers are over
                    self._timers = timers
                if ended in (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY):
                    return Drawn(time.monotonic() - began, received)

    def _note(self, message: ForwardMsg) -> None:
        if message.metadata.cacheable:
            self._known.add(message.hash)
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._page = message.new_session.page_script_hash
        elif kind == "navigation":
            self._pages = {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
        elif kind == "delta" and message.delta.new_element.HasField("exception"):
            raise RuntimeError(f"the page shows an error: {message.delta.new_element.exception.message}")
