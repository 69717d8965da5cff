"""The common properties of all refusals of the command line."""

from pathlib import Path


def contents(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


def assert_one_line(status: object, output: str, errors: str) -> str:
    """The only line of an error, which notes on the data may precede."""
    errors = "".join(line for line in errors.splitlines(keepends=True) if not line.startswith("note: "))
    assert status == 2
    assert output == ""
    assert errors.startswith("emocore: ")
    assert errors.endswith("\n")
    assert errors.count("\n") == 1, errors
    assert "Traceback" not in errors
    return errors
