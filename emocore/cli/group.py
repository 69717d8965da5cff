"""The command `emocore` and where its subcommands are defined.

A module of subcommands is loaded when one of them is asked for, since loading all takes longer than most of them do.
"""

import importlib
from collections.abc import Callable

import click

from emocore import __version__
from emocore.cli.options import Command

QUICK, SEARCH, OTHERS = "emocore.cli.quick_commands", "emocore.cli.search", "emocore.cli.other_commands"
QUICK_NAMES = ("app", "delete", "queue", "resume", "runs", "show", "stop", "uploads")


class Commands(click.Group):
    """The group of all commands."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        importlib.import_module(QUICK if cmd_name in QUICK_NAMES else SEARCH if cmd_name == "search" else OTHERS)
        return super().get_command(ctx, cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        for module in (QUICK, SEARCH, OTHERS):
            importlib.import_module(module)
        return super().list_commands(ctx)


@click.group(cls=Commands, no_args_is_help=False, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(version)s")
def cli() -> None:
    """Compare parameter-efficient fine-tuning methods for emotion detection."""


def add(
    name: str, function: Callable[..., int | None], text: str, *parameters: click.Parameter, group: click.Group = cli
) -> None:
    """Make a function a command; each of its parameters is an option or argument of the same name."""
    group.add_command(Command(name, callback=function, help=text, params=[*parameters]))
