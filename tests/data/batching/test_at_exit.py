"""A process ends, whatever is still being drawn."""

import subprocess
import sys
import textwrap

LEFT_ALIVE = """
    import pyarrow as pa
    from fndrec.data import from_tables

    ids = [str(i) for i in range(200)]
    data = from_tables(
        pa.table({"item_id": ids}),
        pa.table({"outfit_id": ids, "item_ids": [[i] for i in ids]}),
        {"train": pa.table({"user_id": ids, "outfit_id": ids})},
    )
    # Without a remedy, one of them hangs every second process.
    iterators = [iter(data.batches("train", 4).repeat()) for _ in range(6)]
    for iterator in iterators:
        next(iterator)
    print("done", flush=True)
"""


def test_iterators_left_alive_do_not_hang_the_process() -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(LEFT_ALIVE)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout == "done\n", done.stderr
    assert done.returncode == 0, done.stderr
