"""How the files of the package may import one another."""

import ast
import importlib
import pkgutil
from pathlib import Path

import pytest

import fndrec

PACKAGE = Path(fndrec.__file__).parent
ROOMS = sorted(
    f"fndrec.{info.name}"
    for info in pkgutil.iter_modules([str(PACKAGE)])
    if info.ispkg
)


def modules() -> dict[str, Path]:
    """The files of the package by the name of their module."""
    return {
        ".".join(
            path.relative_to(PACKAGE.parent).with_suffix("").parts
        ).removesuffix(".__init__"): path
        for path in PACKAGE.rglob("*.py")
    }


def imported(path: Path) -> set[tuple[str, str]]:
    """What a file imports when it runs: modules, and names of them."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.dump(block.test)
        for node in ast.walk(block)
    }
    names: set[tuple[str, str]] = set()
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            names |= {(alias.name, "") for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None
            assert not node.level, f"{path}: a relative import"
            names |= {(node.module, alias.name) for alias in node.names}
    return names


def module_of(module: str, name: str, known: dict[str, Path]) -> str:
    """The file that an import names: a module, or where a name comes from."""
    return f"{module}.{name}" if f"{module}.{name}" in known else module


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """The groups of nodes that reach one another, two or more."""
    reached: dict[str, set[str]] = {}
    for start in graph:
        seen: set[str] = set()
        todo = list(graph[start])
        while todo:
            node = todo.pop()
            if node not in seen:
                seen.add(node)
                todo.extend(graph[node])
        reached[start] = seen
    groups = {
        frozenset(b for b in reached[a] if a in reached[b])
        for a in graph
        if a in reached[a]
    }
    return sorted(sorted(group) for group in groups)


def test_circles_are_seen() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set()}
    assert circles(graph) == [["b", "c"]]


def test_files_import_in_no_circle() -> None:
    known = modules()
    # The public names of a room are for other rooms: its own files import
    # one another.
    graph = {
        name: {
            target
            for target in (module_of(*pair, known) for pair in imported(path))
            if target in known and known[target].name != "__init__.py"
        }
        for name, path in known.items()
    }
    assert len(graph) > 250
    assert circles(graph) == []


def test_no_file_imports_its_own_room_by_the_front_door() -> None:
    """Whether that works depends on the order of the room's own imports."""
    known = modules()
    for importer, path in known.items():
        if path.name == "__init__.py":
            continue
        parts = importer.split(".")[:-1]
        above = {".".join(parts[:i]) for i in range(2, len(parts) + 1)}
        for module, name in imported(path):
            target = module_of(module, name, known)
            assert target not in above, f"{importer} imports from {target}"


def test_private_names_stay_in_their_folder() -> None:
    known = modules()
    wrong = []
    for importer, path in known.items():
        for module, name in imported(path):
            parts = [*module.split("."), name]
            private = [i for i, part in enumerate(parts) if part[:1] == "_"]
            if parts[0] != "fndrec" or not private:
                continue
            owner = ".".join(parts[: private[0]])
            if known[owner].name != "__init__.py":
                # A private name of a file, not a private file.
                owner = owner.rpartition(".")[0]
            if not f"{importer}.".startswith(f"{owner}."):
                wrong.append(f"{importer} imports {'.'.join(parts)}")
    assert wrong == []


@pytest.mark.parametrize("room", ["fndrec", *ROOMS])
def test_all_is_what_a_room_gives(room: str) -> None:
    module = importlib.import_module(room)
    names = list(module.__all__)
    assert len(names) == len(set(names))
    for name in names:
        assert hasattr(module, name), f"{room}.{name}"
    path = Path(str(module.__file__))
    given = {name for source, name in imported(path) if source.startswith(room)}
    assert given <= {*names, "main", "__version__"}, room
