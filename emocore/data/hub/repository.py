"""What the Hub says of a dataset: its files at one commit, and its licence. The only request is answered within seconds
or refused with an explanation."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from emocore.data.hub.address import FORM
from emocore.data.registry.manifest import COMMIT, LONGEST_NOTE
from emocore.errors import DataError
from emocore.system.hub import explain_withheld_token, hub_token
from emocore.system.keys import find_server
from emocore.text import first_line

PATIENCE_SECONDS = 5.0  # for a connection, and between two parts of an answer
CONVERSION = "refs/convert/parquet"  # the branch to which the Hub converts datasets of other forms
FILE_NAME = re.compile(r"[\w.=@+, -]{1,200}(/[\w.=@+, -]{1,200}){0,20}")
# Files that the library `datasets` takes for data; the others have no part in a layout.
DATA_SUFFIXES = (".parquet", ".csv", ".tsv", ".json", ".jsonl", ".txt", ".arrow")
BY_FILE = "download its parquet files where there is a connection, and add them as files"
HOW_BY_FILE = "for example `python -m emocore data add NAME train.parquet --validation dev.parquet --test test.parquet`"


@dataclass(frozen=True)
class RemoteFile:
    """A file of a repository; `sha256` is None if the Hub does not tell it."""

    path: str
    bytes: int
    sha256: str | None


@dataclass(frozen=True)
class Repository:
    """A dataset at one commit, which never changes. `files` are by path; `odd_paths` are those of data files that are
    not read, since their names are not plain."""

    id: str
    commit: str
    files: dict[str, RemoteFile]
    odd_paths: tuple[str, ...]
    licence: str | None

    @property
    def has_script(self) -> bool:
        """Whether code that comes with the dataset would make its rows; it is never run."""
        return f"{self.id.split('/')[-1]}.py" in self.files

    @property
    def parquet_paths(self) -> list[str]:
        """Of all parquet files, also of those that are not read."""
        return [path for path in (*self.files, *self.odd_paths) if path.endswith(".parquet")]


def open_repository(dataset_id: str, revision: str | None) -> Repository:
    """The repository at a branch, tag or commit, by default at its newest commit. Raises DataError."""
    with explained(dataset_id, revision):
        return _ask(dataset_id, revision)


def open_conversion(repository: Repository) -> Repository | None:
    """The files that the Hub converted to parquet, at their newest commit; None if there are none. Raises DataError."""
    from huggingface_hub.errors import RevisionNotFoundError

    with explained(repository.id, CONVERSION):
        try:
            return _ask(repository.id, CONVERSION)
        except RevisionNotFoundError:
            return None


@contextmanager
def explained(dataset_id: str, revision: str | None) -> Iterator[None]:
    """Raises DataError that says what is wrong and what to do, instead of any error of huggingface_hub."""
    from huggingface_hub import errors

    try:
        yield
    except errors.OfflineModeIsEnabled:
        raise DataError(
            f"{dataset_id}: HF_HUB_OFFLINE forbids asking the Hugging Face Hub; unset it, or {BY_FILE}", HOW_BY_FILE
        ) from None
    except errors.HFValidationError:
        raise DataError(f"{dataset_id}: no dataset on the Hugging Face Hub can have this name; write {FORM}") from None
    except errors.GatedRepoError:
        raise DataError(
            f"{dataset_id} is gated: accept its terms at {_server()}/datasets/{dataset_id}, then set HF_TOKEN to a "
            f"token of that account and try again{_note_token()}"
        ) from None
    except errors.RevisionNotFoundError:
        raise DataError(
            f"{dataset_id}: no revision {str(revision)[:80]!r}; name a branch, tag or commit of the dataset"
        ) from None
    except errors.RepositoryNotFoundError:
        raise DataError(_explain_not_found(dataset_id)) from None
    except errors.LocalEntryNotFoundError as error:
        raise _unreachable(dataset_id, error.__cause__ or error) from None
    except errors.HfHubHTTPError as error:
        raise DataError(_explain_status(dataset_id, error.response.status_code)) from None
    except errors.HTTPError as error:  # type: ignore[attr-defined]  # no answer; of the HTTP library, whichever it is
        raise _unreachable(dataset_id, error) from None
    except OSError as error:
        raise DataError(
            f"{dataset_id}: its files cannot be stored ({error.strerror or first_line(error)}); free space, or name "
            "another folder in HF_HOME"
        ) from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise _not_understood(dataset_id) from None


def _ask(dataset_id: str, revision: str | None) -> Repository:
    """Raises ValueError, TypeError, KeyError or AttributeError if the answer is not that of a Hub."""
    from huggingface_hub import HfApi

    info = HfApi().dataset_info(
        dataset_id, revision=revision, files_metadata=True, timeout=PATIENCE_SECONDS, token=hub_token()
    )
    if not re.fullmatch(COMMIT, info.sha or ""):
        raise ValueError("no commit")
    siblings = [sibling for sibling in info.siblings or [] if not _leads_out(sibling.rfilename)]
    files = {
        found.rfilename: RemoteFile(found.rfilename, found.size or 0, found.lfs.sha256 if found.lfs else None)
        for found in siblings
        if FILE_NAME.fullmatch(found.rfilename)
    }
    others = (sibling.rfilename for sibling in siblings if sibling.rfilename not in files)
    odd_paths = tuple(path for path in others if path.endswith(DATA_SUFFIXES))
    return Repository(info.id, info.sha or "", files, odd_paths, _read_licence(info.card_data))


def _explain_not_found(dataset_id: str) -> str:
    """The Hub does not tell a private dataset from one that is not there."""
    if _has_token() and not _note_token():
        return (
            f"{dataset_id}: {_server()} has no such dataset that the token in use may read; check the name, or the "
            "rights of the token"
        )
    return (
        f"{dataset_id}: {_server()} has no such dataset that everybody may read; check the name or, if it is private, "
        f"set HF_TOKEN to a token that may read it{_note_token()}"
    )


def _explain_status(dataset_id: str, status: int) -> str:
    if status == 401:
        return f"{dataset_id}: {_server()} does not accept the token in use; set HF_TOKEN to a valid one, or unset it"
    if status == 403:
        return (
            f"{dataset_id}: {_server()} does not let you read it; set HF_TOKEN to a token that may read it, or find "
            f"out what forbids it on the way there{_note_token()}"
        )
    return f"{dataset_id}: {_server()} answers with the error {status}; try again later, or {BY_FILE}"


def _unreachable(dataset_id: str, error: BaseException) -> DataError:
    return DataError(
        f"{dataset_id}: {_server()} cannot be reached ({first_line(error)}); check the network, or {BY_FILE}",
        HOW_BY_FILE,
    )


def _not_understood(dataset_id: str) -> DataError:
    return DataError(f"{dataset_id}: the answer of {_server()} is not that of a Hub; check HF_ENDPOINT, or {BY_FILE}")


def _server() -> str:
    from huggingface_hub import constants

    return str(find_server(constants.ENDPOINT) or "the address in HF_ENDPOINT")


def _has_token() -> bool:
    from huggingface_hub import get_token

    return get_token() is not None


def _note_token() -> str:
    """End of a sentence if there is a token that was not sent."""
    return f" ({explain_withheld_token()})" if _has_token() and hub_token() is False else ""


def _leads_out(path: str) -> bool:
    """Whether a path is none in a folder. No file of a repository has such a one."""
    return bool({"", ".", ".."} & set(path.split("/")))


def _read_licence(card: Any) -> str | None:
    """The licence that the card of a dataset names: cc-by-4.0; other: NAME, ADDRESS."""
    named = card.get("license") if card else None
    licences = named if isinstance(named, list) else [named]
    words = ", ".join(licence for licence in licences if isinstance(licence, str) and licence)
    more = [card.get(field) for field in ("license_name", "license_link")] if words else []
    details = ", ".join(detail for detail in more if isinstance(detail, str) and detail)
    return (f"{words}: {details}" if details else words)[:LONGEST_NOTE] or None
