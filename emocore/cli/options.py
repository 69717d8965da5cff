"""What commands have in common: the options of settings, the lists of options by role, and names of runs."""

import click
from click.shell_completion import CompletionItem

from emocore.run.settings import describe, use


def complete_file(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Leaves it to the shell, which knows the files."""
    return [CompletionItem(typed, type="file")]


class SettingOption(click.Option):
    """The option of one setting. Its value stays text, for `parse_settings`."""

    def __init__(self, setting: str) -> None:
        complete = complete_file if use(setting).file else None
        option = f"--{setting.replace('_', '-')}"
        super().__init__([option], metavar="VALUE", help=describe(setting), shell_complete=complete)
        self.role = use(setting).role


class Command(click.Command):
    """A command whose help lists settings by their roles, below its other options."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {"Options": []}
        for parameter in self.get_params(ctx):
            heading = f"{parameter.role.capitalize()} settings" if isinstance(parameter, SettingOption) else "Options"
            if record := parameter.get_help_record(ctx):
                sections.setdefault(heading, []).append(record)
        for heading, records in sections.items():
            with formatter.section(heading):
                formatter.write_dl(records)


RUN = click.Argument(["run"], metavar="RUN")
RUNS = click.Argument(["runs"], nargs=-1, required=True, metavar="RUN...")
RUNS_OR_NONE = click.Argument(["runs"], nargs=-1, metavar="[RUN...]")
JSON = click.Option(["--json", "as_json"], is_flag=True, help="Print JSON instead of a table.")
SET = click.Option(
    ["--set", "texts"],
    multiple=True,
    metavar="NAME=VALUE",
    help="Any setting by its name; in a study, METHOD.NAME=VALUE sets it for one method.",
)
WAIT = click.Option(["--wait"], is_flag=True, help="Wait until all have ended; fail if one fails.")
