"""Training on several devices and workers is training on one."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from processes import environment, free_ports, shop_of, train
from tiny_models import STILL, one_batch, tiny_student, tiny_teacher

import fndrec
from fndrec import DataError, EraseItem
from fndrec.callbacks import ChiefBackup
from fndrec.data import BatchShards, OutfitData
from fndrec.distributed import is_chief
from fndrec.losses import NTXent, SoftmaxRanking
from fndrec.models import replicas

EXAMPLES = Path(fndrec.__file__).parent.parent / "examples" / "distributed"


@pytest.fixture(scope="module")
def shop(
    tiny_photo_data: OutfitData, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    return shop_of(tiny_photo_data, tmp_path_factory.mktemp("world") / "shop")


def test_shares_make_up_the_batch(tiny_data: OutfitData) -> None:
    views = (EraseItem(), EraseItem())
    drawn: dict[str, Any] = {
        "negatives": 2,
        "negative_sampling": "hard",
        "views": views,
        "history": 3,
        "sampling_probability": True,
    }
    whole = next(iter(tiny_data.batches("train", 10, **drawn)))
    parts = list(
        tiny_data.batches(
            "train", 10, shards=BatchShards(1, 2, 3), **drawn
        ).take(2)
    )
    first = next(
        iter(
            tiny_data.batches("train", 10, shards=BatchShards(0, 1, 3), **drawn)
        )
    )
    parts = [first, *parts]
    assert [len(part["user"]) for part in parts] == [3, 3, 4]
    assert [int(part["whole"]["first"]) for part in parts] == [0, 3, 6]
    candidates = ("candidate_ids", "sampling_probability")
    for key in ("user", "outfits", "views", "history", "liked", *candidates):
        every = np.concatenate([part[key] for part in parts])
        np.testing.assert_array_equal(every, whole[key])
    for key, value in whole["items"].items():
        every = np.concatenate([part["items"][key] for part in parts])
        np.testing.assert_array_equal(every, value)
    for part in parts:
        np.testing.assert_array_equal(part["whole"]["user"], whole["user"])
        for key in candidates:
            np.testing.assert_array_equal(part["whole"][key], whole[key])
        np.testing.assert_array_equal(
            part["whole"]["row"], whole["items"]["row"]
        )


def test_no_share_is_without_items(tiny_data: OutfitData) -> None:
    """Of one like with few items: they follow one another again."""
    drawn: dict[str, Any] = {"negatives": 2, "shuffle": False}
    whole = next(iter(tiny_data.batches("train", 1, **drawn)))
    items = whole["items"]["row"].numpy().tolist()
    assert len(items) == 3
    shares = BatchShards(0, 5, 5)
    parts = list(tiny_data.batches("train", 1, shards=shares, **drawn).take(5))
    assert [len(part["user"]) for part in parts] == [0, 0, 0, 0, 1]
    rows = [part["items"]["row"].numpy().tolist() for part in parts]
    assert min(map(len, rows)) == 1
    # All of them equally often.
    assert [row for part in rows for row in part] == items * 2
    np.testing.assert_array_equal(parts[4]["outfits"], whole["outfits"])


def test_later_passes_are_those_of_one_device(tiny_data: OutfitData) -> None:
    strategy = tf.distribute.get_strategy()
    mine = fndrec.distribute(tiny_data, "train", 32, strategy, first_pass=1)
    plain = tiny_data.batches("train", 32)
    assert len(list(plain)) == 4
    for found, expected in zip(mine, plain, strict=True):
        np.testing.assert_array_equal(found["outfits"], expected["outfits"])


def test_one_share_is_the_whole(tiny_data: OutfitData) -> None:
    model = tiny_student(tiny_data, **STILL)
    teacher = tiny_teacher(tiny_data)
    model.compile(
        distillation=fndrec.losses.FalseNegativeDistillation(),
        teacher=teacher.targets(tiny_data),
    )
    drawn: dict[str, Any] = {
        "negatives": 3,
        "shuffle": False,
        "views": (EraseItem(), EraseItem()),
    }
    plain = next(iter(tiny_data.batches("train", 16, **drawn)))
    share = next(
        iter(
            fndrec.distribute(
                tiny_data, "train", 16, tf.distribute.get_strategy(), **drawn
            )
        )
    )
    assert "whole" in share
    np.testing.assert_allclose(
        model.compute_loss(share, training=True),
        model.compute_loss(plain, training=True),
        rtol=1e-6,
    )


def test_mean_loss_divides_by_the_whole_batch() -> None:
    """Of 5 likes, the last 2, and none."""
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(5, 4)).astype("float32")
    labels = np.eye(4, dtype="float32")[[0] * 5]
    each = SoftmaxRanking(reduction=None)(labels, scores).numpy()
    weight = np.array([1.0, 3.0], np.float32)
    batch = {
        "user": np.zeros(2, np.int32),
        "whole": {"user": np.zeros(5, np.int32), "first": 3},
        "sample_weight": weight,
    }
    mine = replicas.mean_loss(SoftmaxRanking(), labels[3:], scores[3:], batch)
    assert float(mine) == pytest.approx((weight * each[3:]).sum() / 5)
    summed = SoftmaxRanking(reduction="sum")
    mine = replicas.mean_loss(summed, labels[3:], scores[3:], batch)
    assert float(mine) == pytest.approx((weight * each[3:]).sum())
    one, other = rng.normal(size=(2, 5, 3)).astype("float32")
    each = NTXent(reduction=None)(one, other).numpy()
    mine = replicas.mean_loss(NTXent(), one, other, batch, of_all=True)
    assert float(mine) == pytest.approx((weight * each[3:]).sum() / 5)
    del batch["sample_weight"]
    nobody = {**batch, "user": np.zeros(0, np.int32)}
    none = replicas.mean_loss(SoftmaxRanking(), labels[:0], scores[:0], nobody)
    assert float(none) == 0.0
    with pytest.raises(ValueError, match="should have the reduction"):
        replicas.mean_loss(SoftmaxRanking(reduction=None), None, None, batch)


def test_bad_arguments(tiny_data: OutfitData) -> None:
    class Eight:
        num_replicas_in_sync = 8

    with pytest.raises(ValueError, match=r"all 8 share .*batch_size=7"):
        fndrec.distribute(tiny_data, "train", 7, Eight())
    with pytest.raises(fndrec.DataError, match="nowhere"):
        fndrec.distribute(tiny_data, "nowhere", 8, tf.distribute.get_strategy())
    with pytest.raises(ValueError, match="`first_pass` should be"):
        tiny_data.batches("train", 8, first_pass=-1)
    with pytest.raises(ValueError, match="some of all shards"):
        BatchShards(1, 2, 2)


def test_plain_batches_are_refused_by_several_replicas(
    tiny_data: OutfitData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replicas, "num_replicas", lambda: 2)
    model = tiny_teacher(tiny_data)
    with pytest.raises(ValueError, match=r"fndrec\.distribute"):
        model(one_batch(tiny_data))


@pytest.mark.parametrize(
    ("task", "jobs", "chief"),
    [
        (("", None), [], True),
        (("worker", 0), ["worker"], True),
        (("worker", 1), ["worker"], False),
        (("worker", 0), ["chief", "worker"], False),
        (("chief", 0), ["chief", "worker"], True),
    ],
)
def test_chief(task: tuple[str, Any], jobs: list[str], chief: bool) -> None:
    class Resolver:
        task_type, task_id = task

        def cluster_spec(self) -> Any:
            return type("Spec", (), {"jobs": jobs})

    class Strategy:
        cluster_resolver = Resolver()

    assert is_chief(Strategy()) is chief
    assert is_chief()


@pytest.mark.slow
def test_backup_ends_with_the_weights_of_one_run(
    tiny_data: OutfitData, tmp_path: Path
) -> None:
    """With dropout and hidden ids: the draws go on too."""

    def run(epochs: int, folder: Path) -> Any:
        keras.utils.set_random_seed(1)
        model = tiny_teacher(tiny_data)
        model.compile(keras.optimizers.Adam(0.01))
        backup = ChiefBackup(folder)
        model.fit(
            tiny_data.batches(
                "train", 50, negatives=2, first_pass=backup.epoch
            ),
            initial_epoch=backup.epoch,
            epochs=epochs,
            callbacks=[backup],
            verbose=0,
        )
        return model

    whole = run(3, tmp_path / "whole")
    run(1, tmp_path / "parts")
    (tmp_path / "parts" / ".epoch-2.partial").mkdir()
    parts = run(3, tmp_path / "parts")
    for mine, its in zip(parts.weights, whole.weights, strict=True):
        np.testing.assert_array_equal(mine.numpy(), its.numpy())
    assert [p.name for p in (tmp_path / "parts").glob("epoch-*")] == ["epoch-3"]
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="should be a folder"):
        ChiefBackup(tmp_path / "file")


def check_same(found: Path, expected: Path) -> None:
    mine, its = np.load(found), np.load(expected)
    assert sorted(mine.files) == sorted(its.files)
    for name in its.files:
        if name in ("history", "evaluated"):
            one, other = json.loads(str(mine[name])), json.loads(str(its[name]))
            assert one.keys() == other.keys()
            for key in other:
                np.testing.assert_allclose(one[key], other[key], rtol=1e-5)
        else:
            np.testing.assert_allclose(
                mine[name], its[name], atol=1e-5, rtol=1e-5, err_msg=name
            )


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", ["teacher", "student", "history"])
def test_replicas_and_workers_train_as_one_device(
    kind: str, shop: Path, tmp_path: Path
) -> None:
    [one] = train("one", kind, shop, tmp_path)
    [two] = train("mirrored", kind, shop, tmp_path)
    check_same(two, one)
    workers = train("workers", kind, shop, tmp_path)
    for worker in workers:
        check_same(worker, one)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_workers_that_draw_at_random_stay_in_step(
    shop: Path, tmp_path: Path
) -> None:
    """Dropout and flips differ; weights must not."""
    first, second = train("workers", "random", shop, tmp_path)
    check_same(second, first)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_killed_worker_resumes_with_the_others(
    shop: Path, tmp_path: Path
) -> None:
    """The launcher of the examples; one worker is killed after an epoch."""

    def launch(out: Path) -> Any:
        [first] = free_ports(1)
        return subprocess.Popen(
            [
                *(EXAMPLES / "launch.sh", "2"),
                *(sys.executable, EXAMPLES / "train.py", shop),
                *("--out", out, "--epochs", "6", "--batch-size", "32"),
                *("--image-size", "16"),
            ],
            env=environment(PORT=str(first), RESTARTS="20"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def finish(started: Any) -> str:
        try:
            shown, _ = started.communicate(timeout=800)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)
            raise
        assert started.returncode == 0, shown[-3000:]
        return str(shown)

    started = launch(tmp_path / "killed")
    deadline = time.monotonic() + 500
    while not list((tmp_path / "killed").glob("backup/epoch-*")):
        assert started.poll() is None, started.communicate()[0][-3000:]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(_second_worker(started.pid), signal.SIGKILL)
    shown = finish(started)
    assert "worker 1: failed, starts again" in shown
    # Both went on from the same epoch, and not from the first.
    gone_on = re.findall(r"goes on from epoch ([1-9]\d*)", shown)
    assert len(gone_on) >= 2
    assert len(set(gone_on[-2:])) == 1
    finish(launch(tmp_path / "whole"))
    killed, whole = (
        fndrec.load_model(tmp_path / name / "model.keras").get_weights()
        for name in ("killed", "whole")
    )
    for mine, its in zip(killed, whole, strict=True):
        np.testing.assert_allclose(mine, its, atol=1e-5)


def _second_worker(group: int) -> int:
    """The process of worker 1 among those of a session."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(folder.name)) != group:
                continue
            command = (folder / "cmdline").read_bytes()
            task = (folder / "environ").read_bytes()
        except (OSError, ProcessLookupError):
            continue
        if b"launch.sh" in command or b"train.py" not in command:
            continue
        if b'"index": 1' in task:
            return int(folder.name)
    raise AssertionError("no worker 1")
