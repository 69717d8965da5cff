"""Files in the Hub's cache that are not what was fetched. No message tells where the cache is on this disk."""

import shutil
from pathlib import Path

import huggingface_hub
import pytest
from inline_snapshot import snapshot

from emocore.data.hub.importing import read_from_hub
from emocore.errors import DataError
from tests.support.hub_datasets import go_emotions
from tests.support.hub_server import HubServer

ID = "owner/name"
TRAIN = "simplified/train-00000-of-00001.parquet"


@pytest.fixture
def cache(hub: HubServer, tmp_path: Path) -> Path:
    """The folder of a dataset that was fetched."""
    hub.add(ID, go_emotions())
    read_from_hub(ID)
    return tmp_path / "hub" / "datasets--owner--name"


def stored(cache: Path, name: str) -> Path:
    """Of a file, what its link leads to."""
    (link,) = cache.glob(f"snapshots/*/{name}")
    return link.resolve()


def test_a_damaged_file_goes_with_the_folder_of_the_dataset(cache: Path) -> None:
    blob = stored(cache, TRAIN)
    blob.write_bytes(blob.read_bytes()[:-1] + b"?")
    with pytest.raises(DataError) as caught:
        read_from_hub(ID)
    assert str(caught.value) == snapshot(
        "owner/name: simplified/train-00000-of-00001.parquet is not what the Hub lists, so it was damaged on its "
        "way or here; remove the folder datasets--owner--name from the Hub's cache (HF_HUB_CACHE, by default "
        "~/.cache/huggingface/hub), and fetch the dataset again"
    )
    shutil.rmtree(cache)
    assert read_from_hub(ID).tables["train"].labels


@pytest.mark.parametrize("name", [TRAIN, "README.md"])
def test_a_file_that_cannot_be_read(cache: Path, name: str) -> None:
    blob = stored(cache, name)
    blob.unlink()
    blob.mkdir()
    with pytest.raises(DataError) as caught:
        read_from_hub(ID)
    assert str(caught.value).replace(name, "FILE") == snapshot(
        "owner/name: FILE cannot be read from the Hub's cache (it is a folder); remove the folder "
        "datasets--owner--name from the Hub's cache (HF_HUB_CACHE, by default ~/.cache/huggingface/hub), and "
        "fetch the dataset again"
    )


def test_a_file_that_vanishes_is_fetched_by_trying_again(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch = huggingface_hub.hf_hub_download

    def fetch_and_lose(*place: str, **options: object) -> str:
        found = str(fetch(*place, **options))
        stored(cache, TRAIN).unlink(missing_ok=True)
        return found

    with monkeypatch.context() as patch, pytest.raises(DataError) as caught:
        patch.setattr(huggingface_hub, "hf_hub_download", fetch_and_lose)
        read_from_hub(ID)
    assert str(caught.value) == snapshot(
        "owner/name: simplified/train-00000-of-00001.parquet was fetched, but something removed it from the Hub's "
        "cache before it was read; fetch the dataset again"
    )
    assert read_from_hub(ID).tables["train"].labels
