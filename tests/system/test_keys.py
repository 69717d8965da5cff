"""Which server may have a key: by scheme, host and port, and never by what a run's folder says."""

from pathlib import Path

import pytest

from emocore.system.keys import confirm_wandb_server, explain_refusal, find_server, may_have_key


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOCORE_SETTINGS", str(tmp_path / "settings"))
    monkeypatch.setenv("WANDB_BASE_URL", "http://wandb.example.org:8080")


OWN = (
    "https://api.wandb.ai", "https://API.wandb.ai:443/", "https://api.wandb.ai/graphql",
    "https://api.forge.coreweave.com",
    "http://wandb.example.org:8080", "http://WANDB.example.org:8080/team/project",
)  # fmt: skip
FOREIGN = (
    "http://api.wandb.ai", "https://api.wandb.ai:8443", "https://forge.coreweave.com.evil.example",
    "https://wandb.example.org:8080", "http://wandb.example.org", "http://wandb.example.org:8081",
    "http://sub.wandb.example.org:8080", "http://wandb.example.org.evil.example:8080",
    "http://wandb.example.org:8080@evil.example", "http://evil.example\\@wandb.example.org:8080",
    "http://evil.example#@wandb.example.org:8080", "http://wandb.example.org:8080?x=@evil.example",
    "http://wandb.example.org:8080\n.evil.example", "http://wandb.example.org:8080\n",
    " http://wandb.example.org:8080", "http://wandb.example.org:0x1f90", "http://wandb.example.org:99999",
    "http://wandb.example.org:", "//wandb.example.org:8080", "wandb.example.org:8080",
    "ftp://wandb.example.org:8080", "http://ẃandb.example.org:8080", "",
)  # fmt: skip


@pytest.mark.parametrize("address", OWN)
def test_the_public_server_and_the_users_own_have_the_key(address: str) -> None:
    assert may_have_key(address, "WANDB_API_KEY")


@pytest.mark.parametrize("address", FOREIGN)
def test_no_other_address_has_it(address: str) -> None:
    assert not may_have_key(address, "WANDB_API_KEY")
    assert "WANDB_BASE_URL" in explain_refusal(address) and "@" not in explain_refusal(address)


def test_a_confirmed_server_has_it_whatever_the_path() -> None:
    assert not may_have_key("https://team.example:9000/", "WANDB_API_KEY")
    confirm_wandb_server("https://team.example:9000/wandb")
    assert may_have_key("https://TEAM.example:9000", "WANDB_API_KEY")
    assert not may_have_key("https://team.example", "WANDB_API_KEY")
    assert not may_have_key("https://team.example:9000", "HF_TOKEN")


def test_a_server_that_was_named_once_is_the_users_whatever_the_environment_says_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    confirm_wandb_server("http://wandb.example.org:8080")
    monkeypatch.delenv("WANDB_BASE_URL")
    assert may_have_key("http://wandb.example.org:8080", "WANDB_API_KEY")


def test_confirming_the_public_server_or_no_server_keeps_nothing(tmp_path: Path) -> None:
    confirm_wandb_server("https://api.wandb.ai/")
    confirm_wandb_server("http://user:password@team.example")
    assert not (tmp_path / "settings").exists()


def test_the_hub_is_the_public_one_or_the_users_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert may_have_key("https://huggingface.co", "HF_TOKEN")
    assert not may_have_key("http://127.0.0.1:5000", "HF_TOKEN")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:5000")
    assert may_have_key("http://127.0.0.1:5000/api", "HF_TOKEN")
    assert not may_have_key("http://127.0.0.1:5000", "WANDB_API_KEY")


def test_a_server_is_told_without_the_port_that_goes_without_saying() -> None:
    assert str(find_server("https://Host.example:443/x")) == "https://host.example"
    assert str(find_server("http://[::1]:80")) == "http://[::1]"
    assert str(find_server("http://host.example:8080")) == "http://host.example:8080"
