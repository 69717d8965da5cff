"""`python -m emocore`: everything that the pages can do, without a browser.

The exit status is 0 only if the command succeeded. An error that a user can fix is one line on stderr and exit status
2.
"""

import os
import sys
from collections.abc import Sequence

import click
from click.shell_completion import shell_complete

from emocore.cli.group import cli
from emocore.cli.output import print_problem
from emocore.errors import EmocoreError

PROGRAM = "python -m emocore"
COMPLETION = "_EMOCORE_COMPLETE"  # the variable in which a shell asks for completions


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    try:
        if wanted := os.environ.get(COMPLETION):
            return shell_complete(cli, {}, "emocore", COMPLETION, wanted)
        with cli.make_context(PROGRAM, list(sys.argv[1:] if arguments is None else arguments)) as context:
            status = int(cli.invoke(context) or 0)
        sys.stdout.flush()  # here, where a failure can still be reported in one line
        return status
    except click.exceptions.Exit as end:  # --help or --version
        return end.exit_code
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else PROGRAM
        message = error.format_message().removesuffix(".")
        print_problem(f"{message}{'' if message.endswith(('?', '?)')) else ';'} `{command} --help` shows more")
        return 2
    except EmocoreError as error:
        print_problem(str(error))
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0
    except OSError as error:
        if error.filename is not None:
            raise
        print_problem(f"the output could not be written ({error.strerror}); free space where it goes")
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python would try again when it exits, and complain
        return 2
