"""The command `fndrec`."""

import argparse
import logging
import sys
from collections.abc import Sequence

from fndrec import __version__
from fndrec.cli import (
    audit,
    compare,
    complete,
    compose,
    data,
    demo,
    distill,
    embed,
    evaluate,
    explain,
    export,
    export_device,
    find,
    recommend_all,
    report,
    score,
    serve,
    train,
)
from fndrec.errors import DataError

COMMANDS = (
    demo,
    data,
    train,
    distill,
    evaluate,
    compare,
    audit,
    report,
    score,
    explain,
    find,
    complete,
    compose,
    export,
    export_device,
    serve,
    embed,
    recommend_all,
)


class _Help(argparse.ArgumentDefaultsHelpFormatter):
    def _get_help_string(self, action: argparse.Action) -> str | None:
        # What stands in for a default of `None` is said in words.
        if action.default is None:
            return action.help
        return super()._get_help_string(action)


def parser() -> argparse.ArgumentParser:
    """Returns the parser of all commands."""
    top = argparse.ArgumentParser(
        prog="fndrec",
        description="Personalised outfit recommendation.",
    )
    top.add_argument(
        "--version", action="version", version=f"fndrec {__version__}"
    )
    commands = top.add_subparsers(
        dest="command", required=True, metavar="COMMAND"
    )
    for module in COMMANDS:
        name = module.__name__.rsplit(".", 1)[1].replace("_", "-")
        text = (module.__doc__ or "").strip()
        command = commands.add_parser(
            name,
            help=text.splitlines()[0],
            description=text,
            formatter_class=_Help,
        )
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command.

    Args:
        argv: The arguments; those of the process by default.

    Returns:
        0, or 2 if the input cannot be used.
    """
    words = sys.argv[1:] if argv is None else list(argv)
    args = parser().parse_args(words, argparse.Namespace(words=words))
    logging.basicConfig(format="%(message)s", level=logging.INFO)
    # Keras says here that an optimizer has no XLA, and the like.
    logging.getLogger("absl").setLevel(logging.ERROR)
    try:
        args.run(args)
    except (DataError, OSError) as error:
        reason = str(error).replace("\n", " ")
        print(f"fndrec {args.command}: error: {reason}", file=sys.stderr)
        return 2
    return 0
