"""Good requests, and what each version of the model answers to them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from fndrec import OutfitData
from fndrec.serving import Client

TOLERANCE = 1e-4


@dataclass(frozen=True)
class Good:
    """A request that is to be answered.

    Attributes:
        signature: Its signature.
        ask: Sends it.
        expected: The answer of each version: arrays by output.
    """

    signature: str
    ask: Callable[[Client], Any]
    expected: dict[int, dict[str, np.ndarray]]

    def version_of(self, answer: Any) -> int | None:
        """The version that gives such an answer; `None` if none does."""
        for version, expected in self.expected.items():
            if all(
                _same(getattr(answer, name), value)
                for name, value in expected.items()
            ):
                return version
        return None


def _same(found: np.ndarray, expected: np.ndarray) -> bool:
    if found.shape != expected.shape:
        return False
    if expected.dtype == np.float32:
        return bool(np.allclose(found, expected, atol=TOLERANCE))
    return bool((found == expected).all())


def good_requests(
    data: OutfitData, versions: dict[int, Path], per_signature: int = 6
) -> list[Good]:
    """Requests of each signature.

    Args:
        data: The shop of the models, with photos.
        versions: SavedModels by number.
        per_signature: How many of each signature.

    Returns:
        The requests.
    """
    loaded = {
        number: tf.saved_model.load(str(path))
        for number, path in versions.items()
    }
    rng = np.random.default_rng(0)
    made = []
    for _ in range(per_signature):
        for signature, ask in _requests(data, rng):
            expected = {}
            for number, model in loaded.items():
                here = _InProcess(model)
                ask(here)
                expected[number] = here.found
            made.append(Good(signature, ask, expected))
    return made


class _InProcess(Client):
    """A client whose server is a SavedModel in this process."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.found: dict[str, np.ndarray] = {}

    def predict(self, signature: str, inputs: Any) -> dict[str, np.ndarray]:
        """Calls the signature."""
        outputs = self._model.signatures[signature](
            **{name: tf.constant(value) for name, value in inputs.items()}
        )
        self.found = {
            name: value.numpy().astype(str)
            if value.dtype == tf.string
            else value.numpy()
            for name, value in outputs.items()
        }
        return self.found


def _requests(
    data: OutfitData, rng: np.random.Generator
) -> list[tuple[str, Callable[[Client], Any]]]:
    assert data.photos is not None
    assert data.photo_root is not None
    assert data.categories is not None
    assert data.item_category is not None
    batch = int(rng.integers(1, 5))
    users = rng.choice(data.users.to_list(), batch).tolist()
    users[0] = "nobody" if rng.random() < 0.2 else users[0]
    ks = rng.integers(1, 20, batch)
    rows = rng.choice(len(data.items), batch, replace=False).astype("int32")
    known = data.categories.to_list()
    categories = data.categories.take(data.item_category[rows])
    photos = [
        (data.photo_root / data.photos[int(row)].as_py()).read_bytes()
        for row in rows
    ]
    sets = [
        [data.outfit_item_ids(int(i)) for i in rng.integers(0, 50, 10)]
        for _ in range(batch)
    ]
    outfits = rng.choice(data.outfits.to_list(), (batch, 3)).tolist()
    pixels = np.asarray(data.content(rows)["image"])[:, None]
    dim = 16
    vectors = rng.normal(size=(batch, 3, 2, dim)).astype("float32")
    return [
        ("recommend", lambda c: c.recommend(users, ks)),
        (
            "recommend_filtered",
            lambda c: c.recommend_filtered(
                users,
                5,
                exclude_outfit_id=outfits,
                category=[known] * batch,
            ),
        ),
        (
            "recommend_for_likes",
            lambda c: c.recommend_for_likes(outfits, ks),
        ),
        (
            "embed_items",
            lambda c: c.embed_items(photos, category=categories),
        ),
        (
            "score_photos",
            lambda c: c.score_photos(
                users,
                [1] * batch,
                image=pixels,
                category=[[category] for category in categories],
            ),
        ),
        (
            "embed_outfits",
            lambda c: c.embed_outfits([found[0] for found in sets]),
        ),
        ("score_outfits", lambda c: c.score_outfits(users, sets)),
        (
            "embed_outfits_from_embeddings",
            lambda c: c.embed_outfits_from_embeddings(
                vectors[:, 0], [2] * batch
            ),
        ),
        (
            "score_outfits_from_embeddings",
            lambda c: c.score_outfits_from_embeddings(
                users, vectors, np.full((batch, 3), 2)
            ),
        ),
    ]
