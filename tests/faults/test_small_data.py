"""Data sets with next to nothing in them."""

from pathlib import Path

import keras
import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf
from tiny_models import tiny_student, tiny_teacher

from fndrec import Validation, evaluate, recommend
from fndrec.cli import main
from fndrec.data import OutfitData, from_tables, write_csv
from fndrec.errors import DataError
from fndrec.losses import FalseNegativeDistillation, distance_zscore


def data_of(
    outfits: list[list[str]],
    likes: list[tuple[str, str]],
    valid: list[tuple[str, str]] | None = None,
) -> OutfitData:
    """Items of one letter each; the letter's case is the category."""
    items = sorted({item for outfit in outfits for item in outfit})

    def table(pairs: list[tuple[str, str]]) -> pa.Table:
        columns = {
            "user_id": [user for user, _ in pairs],
            "outfit_id": [outfit for _, outfit in pairs],
        }
        kind = pa.schema([("user_id", "string"), ("outfit_id", "string")])
        return pa.table(columns, kind)

    splits = {"train": table(likes)}
    if valid is not None:
        splits["valid"] = table(valid)
    return from_tables(
        pa.table(
            {
                "item_id": items,
                "category": [
                    "rare" if item.isupper() else "usual" for item in items
                ],
                "feature": np.random.default_rng(0)
                .normal(size=(len(items), 3))
                .astype("float32")
                .tolist(),
            }
        ),
        pa.table(
            {
                "outfit_id": [f"o{row}" for row in range(len(outfits))],
                "item_ids": outfits,
            }
        ),
        splits,
    )


@pytest.fixture(scope="module")
def smallest() -> OutfitData:
    """Three users; one of a single like, and one item alone in its category."""
    return data_of(
        [["a", "X"], ["b", "c"], ["c", "a", "X"]],
        [("one like", "o0"), ("two", "o1"), ("two", "o2"), ("third", "o2")],
        valid=[("one like", "o2"), ("two", "o0")],
    )


def test_all_of_it_trains_distils_and_is_ranked(smallest: OutfitData) -> None:
    """Far more negatives are asked for than there are items in a batch."""
    teacher = tiny_teacher(smallest)
    # Tracing would take most of the time.
    teacher.compile(keras.optimizers.Adam(1e-2), run_eagerly=True)
    batches = smallest.batches("train", 1, negatives=30)
    for batch in batches:
        check_negatives(batch)
    history = teacher.fit(batches, epochs=1, verbose=0)
    assert np.isfinite(history.history["loss"]).all()

    targets = teacher.targets(smallest)
    student = tiny_student(smallest, contrastive=False)
    student.compile(
        keras.optimizers.Adam(1e-2),
        distillation=FalseNegativeDistillation(2.0),
        teacher=targets,
        run_eagerly=True,
    )
    history = student.fit(
        smallest.batches("train", 4, negatives=5), epochs=1, verbose=0
    )
    assert np.isfinite(history.history["loss"]).all()
    for weight in student.get_weights():
        assert np.isfinite(weight).all()
    result = evaluate({"student": student}, smallest, "valid").to_dict()
    assert "nan" not in str(result).lower()
    assert len(recommend(student, smallest, ["one like"], k=3)) == 1


def check_negatives(batch: dict[str, tf.Tensor]) -> None:
    """None is the liked outfit itself, none holds an item twice."""
    for candidates in batch["outfits"].numpy():
        liked = set(candidates[0]) - {-1}
        for negative in candidates[1:]:
            used = negative[negative >= 0]
            assert len(used) == len(liked) == len(set(used))
            assert set(used) != liked


def test_a_catalogue_of_one_outfit_says_why_not() -> None:
    data = data_of([["a", "X"]], [("u", "o0")])
    with pytest.raises(
        (DataError, tf.errors.OpError), match="needs an item that is not in"
    ):
        next(iter(data.batches("train", 1, negatives=1)))


@pytest.mark.slow
def test_the_command_says_why_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_csv(data_of([["a", "X"]], [("u", "o0")]), tmp_path / "shop")
    words = ["train", tmp_path / "shop", "--out", tmp_path / "out", "--dim", 8]
    assert main([str(word) for word in words]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("fndrec train: error: A negative needs an item")
    assert [path.name for path in tmp_path.iterdir()] == ["shop"]


def test_hard_negatives_of_who_likes_everything_say_why_not() -> None:
    data = data_of([["a"], ["b"]], [("u", "o0"), ("u", "o1"), ("v", "o0")])
    batches = data.batches("train", 4, negatives=1, negative_sampling="hard")
    with pytest.raises(
        (DataError, tf.errors.OpError), match=r"a user, row 0, who liked"
    ):
        next(iter(batches))


def test_all_negatives_false(tiny_data: OutfitData) -> None:
    """All nearer than what the user likes: the loss stays a number."""
    distances = np.full((4, 6), 1e-3, np.float32)
    told = distance_zscore(distances, np.ones(4), np.full(4, 1e-6))
    assert np.isfinite(told).all()
    loss = FalseNegativeDistillation(16.0)
    scores = tf.Variable(np.zeros((4, 6), np.float32))
    with tf.GradientTape() as tape:
        value = loss(told, scores)
    gradient = tape.gradient(value, scores).numpy()
    assert np.isfinite(value.numpy())
    assert np.isfinite(gradient).all()


def test_an_empty_valid_split_says_why_not(tmp_path: Path) -> None:
    data = data_of([["a"], ["b"], ["c"]], [("u", "o0"), ("v", "o1")], valid=[])
    assert len(data.likes("valid")) == 0
    with pytest.raises(DataError, match="valid"):
        Validation(data)
    model = tiny_teacher(data)
    with pytest.raises(DataError, match="valid"):
        evaluate({"model": model}, data, "valid")
    # Without it training needs no more than train.
    model.compile(keras.optimizers.Adam(1e-2), run_eagerly=True)
    history = model.fit(
        data.batches("train", 2, negatives=1), epochs=1, verbose=0
    )
    assert np.isfinite(history.history["loss"]).all()
