"""Parts that several commands share: options of settings, help that lists them by role, and names of runs."""

import click
from click.core import augment_usage_errors
from click.shell_completion import CompletionItem

from emocore.run.settings import describe, use
from emocore.system.secrets import load_secrets


class FileName(click.ParamType):
    """A path as typed, which the shell completes. The code that opens the file checks it."""

    name = "file"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem(incomplete, type="file")]


FILE = FileName()


class SettingOption(click.Option):
    """The option of one setting. Its value stays text, which `parse_settings` reads."""

    def __init__(self, setting: str) -> None:
        option, kind = f"--{setting.replace('_', '-')}", FILE if use(setting).file else None
        super().__init__([option], type=kind, metavar="VALUE", help=describe(setting))
        self.role = use(setting).role


class Command(click.Command):
    """A command that loads the user's keys first. Its help lists settings by role, below the other options."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        with augment_usage_errors(ctx):  # or some errors would not name their command
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> int | None:
        load_secrets()
        return super().invoke(ctx)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {"Options": []}
        for option in self.get_params(ctx):
            heading = f"{option.role.capitalize()} settings" if isinstance(option, SettingOption) else "Options"
            if isinstance(option, click.Option) and (record := option.get_help_record(ctx)):
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
