"""Exports of models that know users by likes, or by several anchors."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tiny_models import tiny_teacher

from fndrec import export, fold_in
from fndrec.data import OutfitData
from fndrec.models import align, by_history
from fndrec.serving import export_on_device


@pytest.mark.parametrize(
    "users", ["history", pytest.param("anchors", marks=pytest.mark.slow)]
)
def test_export(tiny_data: OutfitData, tmp_path: Path, users: str) -> None:
    if users == "history":
        # With all that its encoder can do: it is shrunk, too.
        model = by_history(tiny_teacher(tiny_data))
    else:
        model = tiny_teacher(tiny_data, users=users)
    rng = np.random.default_rng(0)
    for weight in model.user_embedding.trainable_weights:
        weight.assign(weight + 0.3 * rng.normal(size=weight.shape))
    loaded = tf.saved_model.load(str(export(model, tmp_path, data=tiny_data)))
    ready, data = align(model, tiny_data)
    outfits = model.embed_outfits(model.embed_items(data), data.outfit_items)

    def ranked(user: np.ndarray) -> list[str]:
        scores = np.array(model.score(user, outfits[None]))[0]
        return data.outfits.take(np.argsort(-scores)[:5])

    names = ["user3", "no such user"]
    found = loaded.signatures["recommend"](
        user_id=tf.constant(names), k=tf.constant([5, 5])
    )
    assert found["known"].numpy().tolist() == [True, False]
    vectors = np.array(
        ready.encode_users(data.vocabulary.users.rows(names) + 1)
    )
    for row, vector in zip(found["outfit_id"].numpy(), vectors, strict=True):
        assert [name.decode() for name in row] == ranked(vector[None])

    liked = ["outfit7", "outfit30"]
    found = loaded.signatures["recommend_for_likes"](
        liked_outfit_id=tf.constant([liked]),
        length=tf.constant([2]),
        k=tf.constant([3]),
    )
    user = fold_in(model, tiny_data, liked)
    best = [name for name in ranked(user[None]) if name not in liked][:3]
    assert [n.decode() for n in found["outfit_id"].numpy()[0]] == best


def test_likes_are_needed(tiny_data: OutfitData, tmp_path: Path) -> None:
    model = tiny_teacher(tiny_data, users="history")
    with pytest.raises(ValueError, match="`data` should be given"):
        export(model, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_devices_have_one_vector_a_user(
    tiny_data: OutfitData, tmp_path: Path
) -> None:
    model = tiny_teacher(tiny_data, users="anchors")
    with pytest.raises(ValueError, match="4 anchors a user"):
        export_on_device(model, tmp_path / "device", tiny_data)
