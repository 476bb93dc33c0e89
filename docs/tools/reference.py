"""The reference: one page for each room of the package, and the commands.

A hook of MkDocs. Pages are made from `__all__` and from the parser of the
command line, so that no name is forgotten. They replace `reference/` in the
navigation of `mkdocs.yml`.
"""

import argparse
import importlib
import importlib.util
import inspect
import pkgutil
from types import ModuleType
from typing import Any

from mkdocs.structure.files import File

import fndrec
from fndrec.cli.main import parser

PLACE = "reference/"


def rooms() -> dict[str, ModuleType]:
    """Returns the parts of fndrec with public names, by name.

    These are its packages and modules with an `__all__`, except the command
    line, which has a page of its own.
    """
    public = {}
    for module in pkgutil.iter_modules(fndrec.__path__):
        if module.name.startswith("_") or module.name == "cli":
            continue
        room = importlib.import_module(f"fndrec.{module.name}")
        if hasattr(room, "__all__"):
            public[module.name] = room
    return public


def pages() -> dict[str, str]:
    """Returns the Markdown of the pages of the reference, by name."""
    made = {"index": _package_page()}
    for name, room in rooms().items():
        made[name] = _room_page(name, room)
    made["commands"] = _commands_page()
    return made


def _first_line(thing: Any) -> str:
    return (inspect.getdoc(thing) or "").split("\n")[0]


def _package_page() -> str:
    home = {
        name: _identifier(room, name)
        for room, module in rooms().items()
        for name in module.__all__
    }
    rows = []
    own = []
    for name in sorted(fndrec.__all__, key=str.lower):
        thing = getattr(fndrec, name)
        anchor = f'<a id="fndrec.{name}"></a>'
        if inspect.ismodule(thing):
            link = f"[`fndrec.{name}`]({name}.md)"
        elif name in home:
            link = f"[`fndrec.{name}`][{home[name]}]"
        else:
            # It is shown below, and has its anchor there.
            anchor = ""
            link = f"[`fndrec.{name}`][fndrec.{name}]"
            own.append(f"::: fndrec.{name}\n")
        rows.append(f"| {anchor}{link} | {_first_line(thing)} |")
    return "\n".join(
        [
            "# The package {#fndrec}",
            "",
            _first_line(fndrec),
            "",
            "| name | |",
            "| --- | --- |",
            *rows,
            "",
            "Each room has its own page, which lists all of its names.",
            "",
            *own,
        ]
    )


def _room_page(name: str, room: ModuleType) -> str:
    shown = []
    for thing in sorted(room.__all__, key=str.lower):
        path, found = f"fndrec.{name}.{thing}", _identifier(name, thing)
        if found != path:
            shown.append(f'<a id="{path}"></a>\n')
        shown += [f"::: {found}", "    options:"]
        shown += [f"      heading: {path}", f"      toc_label: {thing}", ""]
    title = f"# fndrec.{name} {{#fndrec.{name}}}"
    return "\n".join([title, "", _first_line(room), "", *shown])


def _identifier(room: str, name: str) -> str:
    """Returns the path of a public name as mkdocstrings finds it.

    mkdocstrings does not run the code. To it, a file hides the function of
    the same name that the file defines.
    """
    path = f"fndrec.{room}.{name}"
    if not hasattr(importlib.import_module(f"fndrec.{room}"), "__path__"):
        return path  # The room is a file and has no files in it.
    hidden = importlib.util.find_spec(path) is not None
    return f"{path}.{name}" if hidden else path


def _commands_page() -> str:
    lines = ["# Commands", "", parser().description or "", ""]
    for action in parser()._actions:
        if not isinstance(action, argparse._SubParsersAction):
            continue
        for name, command in action.choices.items():
            command.prog = f"fndrec {name}"
            # As wide as a page shows without scrolling.
            command.formatter_class = _formatter
            help_text = command.format_help().rstrip()
            lines += [f"## fndrec {name}", "", "```text", help_text, "```", ""]
    return "\n".join(lines)


def _formatter(prog: str) -> argparse.HelpFormatter:
    return argparse.HelpFormatter(prog, max_help_position=26, width=76)


def on_config(config: Any) -> Any:
    """Adds the pages to the navigation."""
    names = pages()
    entries: list[Any] = [{"The package": f"{PLACE}index.md"}]
    entries += [
        {f"fndrec.{name}": f"{PLACE}{name}.md"}
        for name in names
        if name not in ("index", "commands")
    ]
    entries.append({"Commands": f"{PLACE}commands.md"})
    for section in config.nav:
        for title, content in section.items():
            if content == PLACE:
                section[title] = entries
    return config


def on_files(files: Any, config: Any) -> Any:
    """Adds the pages."""
    for name, text in pages().items():
        path = f"{PLACE}{name}.md"
        files.append(File.generated(config, path, content=text))
    return files
