"""The code, commands and links of the documentation work."""

import json
import re
import shlex
import shutil
from pathlib import Path

import keras
import pytest
import tensorflow as tf

import fndrec
from fndrec.cli.main import parser
from fndrec.training import Recipe

ROOT = Path(fndrec.__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
# What these pages show is tested elsewhere, too.
SLOW = ("compare", "distributed", "export", "new-users", "towers", "tutorial")

# The pages show realistic sizes; the tests run the same code on small ones.
SMALLER = {
    r"epochs=\d+": "epochs=1",
    r"with_photos\(64\)": "with_photos(16)",
    r"\bsize=64\)": "size=16)",
    r"(FND\w+)\.from_data\((\w+)": r"\1.from_data(\2, width=0.05",
    r"num_users=\d+": "num_users=12",
    r"items_per_category=\d+(, likes_per_user=\d+)?": (
        "items_per_category=12, likes_per_user=10"
    ),
    r"range\(8\)": "range(1)",
    r"n_trials=20": "n_trials=2",
    r"\b96\b": "32",
    # These would be downloaded.
    r'weights="imagenet"': "weights=None",
}


def blocks(page: Path, language: str) -> list[str]:
    """Returns the code blocks of a page in a language."""
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.S | re.M)


def anchors(page: Path) -> set[str]:
    """Returns the anchors that GitHub gives the headings of a page."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
    plain = (re.sub(r"[^\w\- ]", "", head.lower()) for head in heads)
    return {head.replace(" ", "-") for head in plain}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a shop and two models, as the pages name them."""
    folder = tmp_path_factory.mktemp("world")
    shop = fndrec.SyntheticShop.generate(
        folder / "shop",
        num_users=12,
        items_per_category=12,
        likes_per_user=10,
        image_size=16,
    )
    data = shop.data.with_photos(16)
    fndrec.FNDTeacher.from_data(data, dim=8, width=0.05).save(
        folder / "teacher.keras"
    )
    fndrec.FNDStudent.from_data(data, dim=8, width=0.05).save(
        folder / "student.keras"
    )
    return folder


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(
            page, marks=[pytest.mark.slow] if page.stem in SLOW else []
        )
        for page in PAGES
    ],
    ids=lambda page: page.stem,
)
def test_code_runs(
    page: Path, world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "world"
    shutil.copytree(world, folder)
    monkeypatch.chdir(folder)
    # `fndrec.train` trains one epoch, too, where a page names no number.
    defaults = vars(Recipe)["for_model"].__func__.__kwdefaults__
    monkeypatch.setitem(defaults, "epochs", 1)
    namespace: dict[str, object] = {"__name__": "__main__"}
    # Tracing would take most of the time; the results are the same.
    tf.config.run_functions_eagerly(True)
    try:
        for block in blocks(page, "python"):
            for pattern, smaller in SMALLER.items():
                block = re.sub(pattern, smaller, block)
            exec(compile(block, page.name, "exec"), namespace)  # noqa: S102
    finally:
        tf.config.run_functions_eagerly(False)
        keras.config.set_dtype_policy("float32")


@every_page
def test_code_has_at_most_80_columns(page: Path) -> None:
    for block in blocks(page, "python"):
        assert max(map(len, block.splitlines())) <= 80


@every_page
def test_commands_parse(page: Path) -> None:
    for block in blocks(page, "bash"):
        for line in block.splitlines():
            if line.startswith("fndrec "):
                parser().parse_args(shlex.split(line, comments=True)[1:])


def test_options_have_the_defaults_that_training_names() -> None:
    text = (ROOT / "docs" / "train" / "training.md").read_text(encoding="utf-8")
    both, rest = text.split("Options of `fndrec train` only:")
    train, distill = rest.split("Options of `fndrec distill` only")
    tables = {
        "train shop --out x": both + train,
        "distill shop --out x --teacher y": both + distill,
    }
    for command, tables_of_it in tables.items():
        known = vars(parser().parse_args(command.split()))
        rows = re.findall(r"^\| `--([\w-]+)` \| (\S+) \|", tables_of_it, re.M)
        assert len(rows) > 10
        for option, default in rows:
            value = known[option.replace("-", "_")]
            assert str(value).lower() == default, option


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("https://"):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.is_file(), target
        if anchor:
            assert anchor in anchors(file), target


def test_the_demo_table_is_what_the_demo_measured() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text.split("<!-- demo table -->")[1].split("<!-- /demo table -->")
    rows = {
        cells[0].strip(): [cell.strip() for cell in cells[2:]]
        for line in table[0].strip().splitlines()[2:]
        if (cells := line.strip("|").split("|"))
    }
    measured = json.loads(
        (ROOT / "benchmarks" / "results" / "demo.json").read_text("utf-8")
    )["metrics"]
    names = ("auc", "ndcg", "mean_ndcg", "hit@1", "fitb")
    assert rows.keys() == measured.keys()
    for name, cells in rows.items():
        values = [measured[name][metric] for metric in names]
        # Half a unit of the last digit: hit@1 may lie between two of them.
        assert [float(cell) for cell in cells] == pytest.approx(
            values, abs=5.01e-4
        )


@pytest.mark.parametrize(
    "page", ["CONTRIBUTING.md", "docs/project/architecture.md"]
)
def test_files_named_to_contributors_are_there(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    parts = {
        file.relative_to(ROOT).as_posix()
        for folder in ("fndrec", "tests", "docs", "benchmarks")
        for file in (ROOT / folder).rglob("*")
    }
    named = re.findall(r"`((?:[\w.]+/)*[\w.]+\.(?:py|md))`", text)
    assert named
    for name in named:
        assert any(f"/{part}".endswith(f"/{name}") for part in parts), name
