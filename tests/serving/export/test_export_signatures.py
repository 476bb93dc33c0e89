"""Each signature, against the library's own results."""

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from signature_calls import call, inputs_of, item_inputs, padded
from tiny_models import batch_of

from fndrec import recommend
from fndrec.data import OutfitData
from fndrec.models import FNDTeacher
from fndrec.retrieval import OutfitCompleter
from fndrec.serving.export._catalogue import Catalogue
from fndrec.serving.export._served_model import ServedModel
from fndrec.serving.export.signatures.complete import complete

# The name of the module is that of its function too.
complete_file = importlib.import_module(
    "fndrec.serving.export.signatures.complete"
)
USERS = ["user3", "nobody", "user0"]
LOWEST = np.finfo(np.float32).min


@pytest.fixture(scope="module")
def items(
    exported_model: FNDTeacher, tiny_photo_data: OutfitData
) -> np.ndarray:
    return exported_model.embed_items(tiny_photo_data)


@pytest.fixture(scope="module")
def outfits(
    exported_model: FNDTeacher, tiny_photo_data: OutfitData, items: np.ndarray
) -> np.ndarray:
    return exported_model.embed_outfits(items, tiny_photo_data.outfit_items)


def users_of(model: FNDTeacher, data: OutfitData, ids: list[str]) -> Any:
    return np.array(model.encode_users(data.vocabulary.users.rows(ids) + 1))


def scores_of(model: FNDTeacher, users: Any, vectors: np.ndarray) -> np.ndarray:
    cosine = (users[:, None] * vectors).sum(-1)
    return np.array(model.score.from_cosine(cosine))


def names(data: OutfitData, row: int) -> list[str]:
    return data.outfit_item_ids(row)


def test_the_signatures(loaded: Any) -> None:
    assert sorted(loaded.signatures) == [
        *("complete", "embed_items", "embed_outfits"),
        "embed_outfits_from_embeddings",
        *("recommend", "recommend_filtered", "recommend_for_likes"),
        *("score_outfits", "score_outfits_from_embeddings", "score_photos"),
        "serving_default",
    ]
    for signature in loaded.signatures.values():
        inputs = signature.structured_input_signature[1]
        for spec in inputs.values():
            # No scalar, the batch first, and no mask.
            assert spec.shape.rank >= 1
            assert spec.shape[0] is None
            assert spec.dtype != tf.bool
        for spec in signature.structured_outputs.values():
            assert spec.shape.rank >= 1
            assert spec.shape[0] is None
            assert spec.dtype in (tf.float32, tf.string, tf.bool)


@pytest.mark.parametrize("name", ["serving_default", "score_photos"])
def test_score_photos(
    loaded: Any,
    exported_model: FNDTeacher,
    tiny_photo_data: OutfitData,
    name: str,
) -> None:
    data, model = tiny_photo_data, exported_model
    sets = data.outfit_items[[2, 7, 4]]
    found = call(
        loaded.signatures[name],
        user_id=USERS,
        **inputs_of(data, model, sets),
    )
    index = data.vocabulary.users.rows(USERS) + 1
    batch = batch_of(data, np.zeros(3, int), sets[:, None])
    scores = np.array(model({**batch, "user": index}))
    np.testing.assert_allclose(found["score"], scores[:, 0], atol=1e-5)
    assert found["known"].tolist() == [True, False, True]
    assert found["valid"].all()


def test_score_photos_of_no_items(
    loaded: Any, exported_model: FNDTeacher, tiny_photo_data: OutfitData
) -> None:
    inputs = inputs_of(
        tiny_photo_data, exported_model, tiny_photo_data.outfit_items[:3]
    )
    score = loaded.signatures["score_photos"]
    right = call(score, user_id=["user1"] * 3, **inputs)
    inputs["length"] = np.array([0, inputs["length"][1], 6], np.int32)
    found = call(score, user_id=["user1"] * 3, **inputs)
    assert found["valid"].tolist() == [False, True, False]
    assert found["score"][0] == found["score"][2] == LOWEST
    assert found["score"][1] == pytest.approx(right["score"][1], abs=1e-5)


def test_embed_items(
    loaded: Any, tiny_photo_data: OutfitData, items: np.ndarray
) -> None:
    rows = np.array([5, 0, 5, 17])
    found = call(
        loaded.signatures["embed_items"], **item_inputs(tiny_photo_data, rows)
    )
    assert found["valid"].all()
    np.testing.assert_allclose(found["embedding"], items[rows], atol=1e-5)


def test_embed_outfits(
    loaded: Any, tiny_photo_data: OutfitData, outfits: np.ndarray
) -> None:
    data = tiny_photo_data
    rows = [3, 0, 7]
    ids, length = padded([names(data, row) for row in rows], width=6)
    embed = loaded.signatures["embed_outfits"]
    found = call(embed, item_id=ids, length=length)
    assert found["valid"].all()
    np.testing.assert_allclose(found["embedding"], outfits[rows], atol=1e-5)
    # Empty ids count for nothing, wherever they stand.
    gaps = np.concatenate([np.full((3, 1), "", object), ids], axis=1)
    again = call(embed, item_id=gaps, length=length + 1)
    np.testing.assert_allclose(again["embedding"], outfits[rows], atol=1e-5)


def test_outfits_that_are_not_valid(loaded: Any) -> None:
    ids = np.array(
        [
            ["item1", "no such item"],
            ["item1", "item2"],
            ["", ""],
            ["item1", "item2"],
            ["item1", "no such item"],
        ],
        object,
    )
    found = call(
        loaded.signatures["embed_outfits"], item_id=ids, length=[2, 0, 2, 3, 1]
    )
    assert found["valid"].tolist() == [False, False, False, False, True]
    assert (found["embedding"][:4] == 0).all()
    scored = call(
        loaded.signatures["score_outfits"],
        user_id=["user1"],
        item_id=ids[None],
        length=[[2, 0, 2, 3, 1]],
    )
    assert scored["valid"].tolist() == [found["valid"].tolist()]
    assert (scored["score"][0, :4] == LOWEST).all()
    assert np.isfinite(scored["score"]).all()


def test_outfits_from_embeddings(
    loaded: Any,
    exported_model: FNDTeacher,
    tiny_photo_data: OutfitData,
    items: np.ndarray,
    outfits: np.ndarray,
) -> None:
    data = tiny_photo_data
    rows = np.array([[3, 0, 7], [5, 2, 9]])
    sets = data.outfit_items[rows]
    length = (sets >= 0).sum(axis=-1).astype(np.int32)
    # What stands past the length may be anything.
    vectors = np.where((sets >= 0)[..., None], items[sets], 9.0)
    found = call(
        loaded.signatures["embed_outfits_from_embeddings"],
        item_embedding=vectors[0],
        length=length[0],
    )
    assert found["valid"].all()
    np.testing.assert_allclose(found["embedding"], outfits[rows[0]], atol=1e-5)
    ids = ["user3", "nobody"]
    scored = call(
        loaded.signatures["score_outfits_from_embeddings"],
        user_id=ids,
        item_embedding=vectors,
        length=length,
    )
    users = users_of(exported_model, data, ids)
    expected = scores_of(exported_model, users, outfits[rows])
    np.testing.assert_allclose(scored["score"], expected, atol=1e-5)
    assert scored["known"].tolist() == [True, False]
    length[0, 1], length[1, 2] = 0, 9
    scored = call(
        loaded.signatures["score_outfits_from_embeddings"],
        user_id=ids,
        item_embedding=vectors,
        length=length,
    )
    assert np.argwhere(~scored["valid"]).tolist() == [[0, 1], [1, 2]]
    assert (scored["score"][~scored["valid"]] == LOWEST).all()


def test_score_outfits(
    loaded: Any,
    exported_model: FNDTeacher,
    tiny_photo_data: OutfitData,
    outfits: np.ndarray,
) -> None:
    data = tiny_photo_data
    rows = np.array([[3, 0, 7], [5, 2, 9], [1, 1, 8]])
    ids, length = padded([names(data, row) for row in rows.ravel()])
    found = call(
        loaded.signatures["score_outfits"],
        user_id=USERS,
        item_id=ids.reshape(3, 3, -1),
        length=length.reshape(3, 3),
    )
    users = users_of(exported_model, data, USERS)
    expected = scores_of(exported_model, users, outfits[rows])
    np.testing.assert_allclose(found["score"], expected, atol=1e-5)
    assert found["known"].tolist() == [True, False, True]
    assert found["valid"].all()


def test_recommend(
    loaded: Any, exported_model: FNDTeacher, tiny_photo_data: OutfitData
) -> None:
    found = call(
        loaded.signatures["recommend"],
        user_id=USERS,
        k=np.array([1000, 1, 60], np.int32),
    )
    # No more than there are.
    assert found["outfit_id"].shape == found["score"].shape == (3, 60)
    assert found["known"].tolist() == [True, False, True]
    best = recommend(
        exported_model, tiny_photo_data, USERS, k=60, exclude_liked=False
    )
    for row, count in ((0, 60), (1, 1), (2, 60)):
        expected = [one.outfit_id for one in best[row][:count]]
        assert [i.decode() for i in found["outfit_id"][row, :count]] == expected
        np.testing.assert_allclose(
            found["score"][row, :count],
            [one.score for one in best[row][:count]],
            atol=1e-5,
        )
    assert (found["outfit_id"][1, 1:] == b"").all()
    assert (found["score"][1, 1:] == LOWEST).all()


def test_recommend_negative_k(loaded: Any) -> None:
    found = call(
        loaded.signatures["recommend"], user_id=["user1"] * 2, k=[-3, 1]
    )
    assert found["outfit_id"][0].tolist() == [b""]
    assert found["outfit_id"][1, 0] != b""


def test_recommend_filtered(
    loaded: Any, exported_model: FNDTeacher, tiny_photo_data: OutfitData
) -> None:
    data = tiny_photo_data
    assert data.categories is not None
    assert data.item_category is not None
    users = ["user3", "nobody", "user0", "user3"]
    excluded = [["outfit3", "outfit59", "none such"], ["outfit0"], [""], [""]]
    categories = [[""], ["top", "hat"], ["hat", "", "bottom", "no such"], ["x"]]
    ids, exclude_length = padded(excluded)
    wanted, category_length = padded([["top"], *categories[1:]])
    # "" in row 0: no filter; what stands past a length is not looked at.
    category_length[0] = 0
    found = call(
        loaded.signatures["recommend_filtered"],
        user_id=users,
        k=[60] * 4,
        exclude_outfit_id=ids,
        exclude_length=exclude_length,
        category=wanted,
        category_length=category_length,
    )
    best = recommend(exported_model, data, users, k=60, exclude_liked=False)
    for row in range(4):
        names = {c for c in categories[row] if c}
        expected = [
            one.outfit_id
            for one in best[row]
            if one.outfit_id not in excluded[row]
            and (
                not names
                or names
                >= {
                    data.categories[data.item_category[i]]
                    for i in data.items.rows(list(one.item_ids))
                }
            )
        ]
        shown = [i.decode() for i in found["outfit_id"][row]]
        assert shown == expected + [""] * (60 - len(expected))
        assert (found["score"][row, len(expected) :] == LOWEST).all()
        if row < 3:
            assert expected
    assert found["known"].tolist() == [True, False, True, True]


def test_recommend_for_likes(
    loaded: Any,
    exported_model: FNDTeacher,
    tiny_photo_data: OutfitData,
    outfits: np.ndarray,
) -> None:
    data = tiny_photo_data
    likes = [["outfit4", "outfit9", "none such"], ["none such"], ["outfit7"]]
    ids, length = padded(likes, width=5)
    found = call(
        loaded.signatures["recommend_for_likes"],
        liked_outfit_id=ids,
        length=length,
        k=[60, 3, 2],
    )
    assert found["valid"].tolist() == [True, False, True]
    # The closed form: the cold-start user counts for four likes.
    nobody = np.array(exported_model.encode_users(np.zeros(1, np.int32)))[0]
    user = outfits[4] + outfits[9] + 4 * nobody
    cosine = outfits @ (user / np.linalg.norm(user))
    cosine[[4, 9]] = -np.inf
    order = np.argsort(-cosine, kind="stable")[:58]
    shown = [i.decode() for i in found["outfit_id"][0]]
    assert shown == [*data.outfits.take(order), "", ""]
    np.testing.assert_allclose(
        found["score"][0, :58],
        np.array(exported_model.score.from_cosine(cosine[order])),
        atol=1e-5,
    )
    # Nothing known: what someone not known gets.
    cold = recommend(exported_model, data, ["nobody"], 3, exclude_liked=False)
    assert [i.decode() for i in found["outfit_id"][1, :3]] == [
        one.outfit_id for one in cold[0]
    ]
    assert b"outfit7" not in found["outfit_id"][2]


def test_complete(
    loaded: Any,
    exported_model: FNDTeacher,
    tiny_photo_data: OutfitData,
    items: np.ndarray,
) -> None:
    """As the library completes, with one or several chunks of sets."""
    data = tiny_photo_data
    partial = [["item3"], ["item0", "item6"], ["item5", "item2"], ["item1"]]
    users = [*USERS, "user3"]
    wanted = ["hat", "", "shoe", ""]
    ids, length = padded(partial, width=3)
    k = [4, 50, 10, 0]
    found = call(
        loaded.signatures["complete"],
        user_id=users,
        item_id=ids,
        length=length,
        category=wanted,
        k=k,
    )
    assert found["valid"].all()
    assert found["known"].tolist() == [True, False, True, True]
    completer = OutfitCompleter(exported_model, data, items)
    for row in range(3):
        expected = completer.complete(
            [users[row]], [partial[row]], wanted[row] or None, k[row]
        )[0]
        # All 40 items but those of the outfit; 10 a category.
        assert len(expected) == [4, 38, 9][row]
        shown = [one.decode() for one in found["item_id"][row]]
        assert shown[: len(expected)] == [one.item_id for one in expected]
        assert not any(shown[len(expected) :])
        np.testing.assert_allclose(
            found["score"][row, : len(expected)],
            [one.score for one in expected],
            atol=1e-4,
        )
        assert (found["score"][row, len(expected) :] == LOWEST).all()
    assert not any(found["item_id"][3])


def test_complete_what_is_not_known(loaded: Any) -> None:
    found = call(
        loaded.signatures["complete"],
        user_id=["user3"] * 4,
        item_id=[["item1"], ["none such"], ["item1"], ["item1"]],
        length=[1, 1, 2, 1],
        category=["none such", "hat", "hat", "hat"],
        k=[2] * 4,
    )
    assert found["valid"].tolist() == [False, False, False, True]
    assert (found["item_id"][:3] == b"").all()
    assert (found["score"][:3] == LOWEST).all()
    assert (found["item_id"][3] != b"").all()


def test_complete_in_several_chunks(
    monkeypatch: pytest.MonkeyPatch,
    exported_model: FNDTeacher,
    tiny_photo_data: OutfitData,
    items: np.ndarray,
    tmp_path: Path,
) -> None:
    """What one pass over all sets gives, in chunks that cut rows in two."""
    monkeypatch.setattr(complete_file, "CHUNK", 7)
    catalogue = Catalogue(exported_model, tiny_photo_data, None, tmp_path)
    served = ServedModel(exported_model, catalogue, tmp_path)
    one = complete(served, catalogue)
    found = tf.function(one.function, input_signature=[one.inputs])(
        {
            "user_id": tf.constant(["user3", "user0"]),
            "item_id": tf.constant([["item3", "item4"], ["item0", ""]]),
            "length": tf.constant([2, 1]),
            "category": tf.constant(["", "shoe"]),
            "k": tf.constant([40, 40]),
        }
    )
    completer = OutfitCompleter(exported_model, tiny_photo_data, items)
    expected = completer.complete(
        ["user3", "user0"], [["item3", "item4"], ["item0"]], [None, "shoe"], 40
    )
    for row, best in enumerate(expected):
        shown = [i.decode() for i in found["item_id"][row].numpy() if i]
        assert shown == [completion.item_id for completion in best]


def test_an_empty_batch(loaded: Any) -> None:
    for name, signature in loaded.signatures.items():
        inputs = {
            key: tf.zeros([n or 0 for n in spec.shape], spec.dtype)
            for key, spec in signature.structured_input_signature[1].items()
        }
        for key, value in signature(**inputs).items():
            assert value.shape[0] == 0, (name, key)


def test_a_batch_of_empty_sets(loaded: Any) -> None:
    """Two rows, and no cell in any set."""
    for name, signature in loaded.signatures.items():
        inputs = {}
        given = signature.structured_input_signature[1]
        for key, spec in given.items():
            shape = [2, *[n or 0 for n in spec.shape[1:]]]
            inputs[key] = tf.zeros(shape, spec.dtype)
        found = signature(**inputs)
        for key, value in found.items():
            assert value.shape[0] == 2, (name, key)
        # `complete` finds the item that suits best alone.
        if name not in ("recommend", "recommend_filtered", "complete"):
            assert not tf.reduce_any(found["valid"]), name


def merged(requests: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """One batch of several requests, as TF Serving makes it.

    Each tensor is padded to the widest with its own first element.
    """
    batch: dict[str, np.ndarray] = {}
    for key in requests[0]:
        parts = [np.asarray(request[key]) for request in requests]
        shape = np.max([part.shape[1:] for part in parts], axis=0)
        batch[key] = np.concatenate(
            [
                np.pad(
                    part,
                    [
                        (0, 0),
                        *(
                            (0, int(most) - size)
                            for most, size in zip(
                                shape, part.shape[1:], strict=True
                            )
                        ),
                    ],
                    constant_values=part.ravel()[0],
                )
                for part in parts
            ]
        )
    return batch


def test_requests_of_different_widths_share_a_batch(
    loaded: Any,
    exported_model: FNDTeacher,
    tiny_photo_data: OutfitData,
    items: np.ndarray,
) -> None:
    data = tiny_photo_data
    # Sets of 3, 1 and 4 items in a request each, the second of two rows.
    sets = [[2], [0, 4], [7]]
    requests: dict[str, list[dict[str, Any]]] = {
        name: [] for name in loaded.signatures
    }
    for number, rows in enumerate(sets):
        user = {"user_id": np.array([f"user{row}" for row in rows], object)}
        ids, length = padded([names(data, row) for row in rows])
        width = ids.shape[1]
        vectors = items[data.items.rows(ids)]
        liked, liked_length = padded([[f"outfit{i}" for i in rows]] * len(rows))
        k = {"k": np.full(len(rows), 5 + number, np.int32)}
        photos = inputs_of(data, exported_model, data.outfit_items[rows])
        photos = {
            key: value if value.ndim == 1 else value[:, :width]
            for key, value in photos.items()
        }
        one = {
            "score_photos": {**user, **photos},
            "serving_default": {**user, **photos},
            "embed_items": item_inputs(data, np.array(rows)),
            "embed_outfits": {"item_id": ids, "length": length},
            "embed_outfits_from_embeddings": {
                "item_embedding": vectors,
                "length": length,
            },
            "score_outfits": {
                **user,
                "item_id": np.repeat(ids[:, None], number + 1, axis=1),
                "length": np.repeat(length[:, None], number + 1, axis=1),
            },
            "score_outfits_from_embeddings": {
                **user,
                "item_embedding": np.repeat(
                    vectors[:, None], number + 1, axis=1
                ),
                "length": np.repeat(length[:, None], number + 1, axis=1),
            },
            "recommend": {**user, **k},
            "recommend_filtered": {
                **user,
                **k,
                "exclude_outfit_id": liked,
                "exclude_length": liked_length,
                "category": np.array(
                    [["top", "hat"][: 2 - number % 2]] * len(rows), object
                ),
                "category_length": np.full(len(rows), number % 2, np.int32),
            },
            "recommend_for_likes": {
                **k,
                "liked_outfit_id": liked,
                "length": liked_length,
            },
            "complete": {
                **user,
                **k,
                "item_id": ids,
                "length": length,
                "category": np.array(
                    [["hat", "", "shoe"][number]] * len(rows), object
                ),
            },
        }
        for name, inputs in one.items():
            requests[name].append(
                {
                    key: np.asarray(value)
                    if not isinstance(value, list)
                    else np.array(value, object)
                    for key, value in inputs.items()
                }
            )
    for name, parts in requests.items():
        signature = loaded.signatures[name]
        together = call(signature, **merged(parts))
        start = 0
        for part in parts:
            alone = call(signature, **part)
            count = len(next(iter(part.values())))
            for key, value in alone.items():
                shown = together[key][start : start + count]
                if value.ndim > 1:
                    shown = shown[:, : value.shape[1]]
                if value.dtype == np.float32:
                    np.testing.assert_allclose(
                        shown, value, atol=1e-5, err_msg=f"{name} {key}"
                    )
                else:
                    assert (shown == value).all(), (name, key)
            start += count
