"""Files of a repository with names that are not read: they are refused where they would be missing."""

import pytest
from inline_snapshot import snapshot

from emocore.data.hub.importing import read_from_hub
from emocore.errors import DataError, HubConfigError
from tests.support.hub_datasets import to_stored_parquet
from tests.support.hub_server import HubServer
from tests.support.tables import make_table

ID = "owner/name"
CONTENT = to_stored_parquet(make_table())


def refuse(config: str | None = None) -> str:
    with pytest.raises(DataError) as caught:
        read_from_hub(ID, config)
    return str(caught.value)


def test_a_file_of_a_split_is_not_left_out_for_its_name(hub: HubServer) -> None:
    hub.add(ID, {"data/train-a.parquet": CONTENT, "data/train-b (1).parquet": CONTENT})
    assert refuse() == snapshot(
        "owner/name, config default: 'data/train-b (1).parquet' belongs to it, but a file with such a name is not "
        "read, and without it rows would be missing; name the revision refs/convert/parquet, in which the Hub may "
        "have converted it, or download the files, and add them as files"
    )
    assert hub.fetched() == []
    hub.add(ID, {"default/train/0000.parquet": CONTENT}, branch="refs/convert/parquet")
    assert read_from_hub(ID, revision="refs/convert/parquet").sources[0].name == "default/train/0000.parquet"


@pytest.mark.parametrize(
    "name",
    [
        "train [b].parquet",
        "train-\\a.parquet",
        f"train-{'b' * 230}.parquet",
        "new\n/train.parquet",
        "a?/b<c>/1 train.parquet",
    ],
)
def test_every_name_that_is_not_read_is_noticed(hub: HubServer, name: str) -> None:
    hub.add(ID, {"train.parquet": CONTENT, "train-2.parquet": CONTENT, f"data/{name}": CONTENT, "test.parquet": b""})
    message = refuse()
    assert repr(f"data/{name}"[:80])[:-1] in message and "\n" not in message


def test_a_name_that_only_resembles_that_of_a_file_is_noticed_too(hub: HubServer) -> None:
    hub.add(ID, {"train-(1).parquet": CONTENT, "train-x1x.parquet": CONTENT})
    assert "'train-(1).parquet' belongs to it" in refuse()


def test_a_repository_with_no_other_files_has_parquet_files(hub: HubServer) -> None:
    hub.add(ID, {"train(1).parquet": CONTENT})
    assert "'train(1).parquet' belongs to it" in refuse()


def test_elsewhere_such_names_do_not_matter(hub: HubServer) -> None:
    card = "---\nconfigs:\n" + "".join(
        f"- config_name: {name}\n  data_files:\n  - split: train\n    path: {name}/*\n" for name in ("a", "b")
    )
    files = {
        "README.md": f"{card}---\n".encode(),
        "a/train.parquet": CONTENT,
        "notes (1).md": b"",
        "paper (2).pdf": b"",
    }
    hub.add(ID, files | {"b/train.parquet": CONTENT, "b/train (1).parquet": CONTENT})
    assert len(read_from_hub(ID, "a").frame) == 200
    assert "'b/train (1).parquet' belongs to it" in refuse("b")


def test_a_config_of_a_conversion_with_such_a_name_is_one_of_its_configs(hub: HubServer) -> None:
    hub.add(ID, {"a.csv": b""})
    files = {f"{config}/train/0000.parquet": CONTENT for config in ("plain", "odd (1)")}
    hub.add(ID, files, branch="refs/convert/parquet")
    with pytest.raises(HubConfigError, match="it has 2 configs, so choose one"):
        read_from_hub(ID)
    assert "config odd (1): 'odd (1)/train/0000.parquet' belongs to it" in refuse("odd (1)")
    assert len(read_from_hub(ID, "plain").frame) == 200
