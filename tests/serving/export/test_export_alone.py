"""A process that has TensorFlow alone gets the library's own results."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from signature_calls import inputs_of
from tiny_models import batch_of

import fndrec
from fndrec.cli import main
from fndrec.data import OutfitData, load_data
from fndrec.models import OutfitRecommender
from fndrec.retrieval import OutfitCompleter

SCRIPT = Path(__file__).with_name("alone.py")
ROWS = [2, 7, 4]
LIKES = [0, 1]


def requests_of(
    data: OutfitData, model: OutfitRecommender, users: list[str]
) -> dict[str, Any]:
    """A request of each signature, as JSON can hold it."""
    assert data.photos is not None
    assert data.photo_root is not None
    sets = data.outfit_items[ROWS]
    photos = {
        key: value.tolist()
        for key, value in inputs_of(data, model, sets).items()
    }
    content = {
        k: [row[0] for row in v] for k, v in photos.items() if k != "length"
    }
    content.pop("image")
    content["image_bytes"] = [
        {
            "b64": base64.b64encode(
                (data.photo_root / data.photos[row].as_py()).read_bytes()
            ).decode()
        }
        for row in sets[:, 0].tolist()
    ]
    names = np.array([*data.items, ""], object)[sets]
    vectors = model.embed_items(data)[sets].tolist()
    length = photos["length"]
    sets_of = {"item_id": names.tolist(), "length": length}
    vectors_of = {"item_embedding": vectors, "length": length}
    one_each = {
        "item_id": names[:, None].tolist(),
        "length": [[n] for n in length],
    }
    user, k = {"user_id": users}, {"k": [4, 4, 4]}
    liked = {
        "liked_outfit_id": [data.outfits.take(LIKES)] * 3,
        "length": [2] * 3,
    }
    return {
        "serving_default": {**user, **photos},
        "score_photos": {**user, **photos},
        "embed_items": content,
        "embed_outfits": sets_of,
        "embed_outfits_from_embeddings": vectors_of,
        "score_outfits": {**user, **one_each},
        "score_outfits_from_embeddings": {
            **user,
            "item_embedding": [[one] for one in vectors],
            "length": one_each["length"],
        },
        "recommend": {**user, **k},
        "recommend_filtered": {
            **user,
            **k,
            "exclude_outfit_id": [[""]] * 3,
            "exclude_length": [0] * 3,
            "category": [[""]] * 3,
            "category_length": [0] * 3,
        },
        "recommend_for_likes": {**liked, **k},
        "complete": {
            **user,
            **k,
            "item_id": names[:, :1].tolist(),
            "length": [1] * 3,
            "category": [""] * 3,
        },
    }


def ask(
    python: str, saved: Path, requests: dict[str, Any], folder: Path
) -> dict[str, Any]:
    """What the script answers, run by some Python."""
    (folder / "requests.json").write_text(json.dumps(requests))
    done = subprocess.run(
        [
            *(python, "-I", str(SCRIPT), str(saved)),
            *(str(folder / "requests.json"), str(folder / "answers.json")),
        ],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads((folder / "answers.json").read_text())
    return answers


def check(
    answers: dict[str, Any],
    data: OutfitData,
    model: OutfitRecommender,
    users: list[str],
) -> None:
    """The answers are the library's own."""
    sets = data.outfit_items[ROWS]
    index = data.vocabulary.users.rows(users) + 1
    batch = batch_of(data, np.zeros(3, int), sets[:, None])
    scores = np.array(model({**batch, "user": index}))[:, 0]
    items = model.embed_items(data)
    outfits = model.embed_outfits(items, data.outfit_items)
    best = fndrec.recommend(model, data, users, k=4, exclude_liked=False)
    folded = fndrec.fold_in(model, data, data.outfits.take(LIKES), outfits)
    cosine = outfits @ folded
    cosine[LIKES] = -1
    nearest = np.argsort(-cosine, kind="stable")[:4]

    def same(name: str, output: str, expected: Any) -> None:
        np.testing.assert_allclose(
            answers[name][output], expected, atol=1e-5, err_msg=name
        )

    same("serving_default", "score", scores)
    same("score_photos", "score", scores)
    same("embed_items", "embedding", items[sets[:, 0]])
    for name in ("embed_outfits", "embed_outfits_from_embeddings"):
        same(name, "embedding", outfits[ROWS])
    for name in ("score_outfits", "score_outfits_from_embeddings"):
        same(name, "score", scores[:, None])
    for name in ("recommend", "recommend_filtered"):
        assert answers[name]["outfit_id"] == [
            [one.outfit_id for one in row] for row in best
        ]
        same(name, "score", [[one.score for one in row] for row in best])
    assert (
        answers["recommend_for_likes"]["outfit_id"]
        == [data.outfits.take(nearest)] * 3
    )
    same(
        "recommend_for_likes",
        "score",
        [model.score.from_cosine(cosine[nearest])] * 3,
    )
    completed = OutfitCompleter(model, data, items).complete(
        users, [data.items.take(one[:1]) for one in sets], None, 4
    )
    assert answers["complete"]["item_id"] == [
        [one.item_id for one in row] for row in completed
    ]
    same("complete", "score", [[one.score for one in row] for row in completed])
    for answer in answers.values():
        if "known" in answer:
            assert answer["known"] == (index > 0).tolist()
        if "valid" in answer:
            assert np.all(answer["valid"])


def test_a_process_that_has_tensorflow_alone(
    exported: Path,
    exported_model: OutfitRecommender,
    tiny_photo_data: OutfitData,
    tmp_path: Path,
) -> None:
    data, model = tiny_photo_data, exported_model
    users = ["user3", "nobody", "user0"]
    requests = requests_of(data, model, users)
    answers = ask(sys.executable, exported, requests, tmp_path)
    answers.pop("version")
    check(answers, data, model, users)


@pytest.fixture(scope="module")
def demo(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[OutfitData, OutfitRecommender, Path]:
    """A run of the demo, shorter: its shop, its student and its export."""
    folder = tmp_path_factory.mktemp("demo") / "demo"
    short = ("--users", "20", "--epochs", "2")
    assert main(["demo", "--out", str(folder), *short]) == 0
    return (
        load_data(folder / "shop").with_photos(64),
        fndrec.load_model(folder / "student" / "model.keras"),
        folder / "export" / "1",
    )


# The newest, and those that TF Serving's newest images run.
@pytest.mark.slow
@pytest.mark.parametrize("version", ["2.21", "2.20", "2.19"])
def test_an_environment_of_its_own(
    demo: tuple[OutfitData, OutfitRecommender, Path],
    tmp_path: Path,
    version: str,
) -> None:
    data, student, saved = demo
    subprocess.run(
        [sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True
    )
    python = tmp_path / "venv" / "bin" / "python"
    pip = [str(python), "-m", "pip", "-q"]
    installed = subprocess.run(
        [*pip, "install", f"tensorflow-cpu=={version}.*"],
        capture_output=True,
        text=True,
        check=False,
    )
    if installed.returncode:
        # No such wheel for this Python, or no network.
        pytest.skip(installed.stderr.strip().splitlines()[-1])
    subprocess.run([*pip, "uninstall", "-y", "keras"], check=True)
    users = [data.users[0], "nobody", data.users[3]]
    requests = requests_of(data, student, users)
    answers = ask(str(python), saved, requests, tmp_path)
    assert answers.pop("version").startswith(f"{version}.")
    check(answers, data, student, users)
    shown = subprocess.run(
        [
            *(str(python.with_name("saved_model_cli")), "show", "--all"),
            *("--dir", str(saved)),
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name, request in requests.items():
        assert f"signature_def['{name}']" in shown
        for key in request:
            assert f"inputs['{key}']" in shown
    for key in ("score", "outfit_id", "known", "valid", "embedding"):
        assert f"outputs['{key}']" in shown
