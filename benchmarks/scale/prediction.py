"""What the laws say of a shop of internet scale."""

from benchmarks.common.report import Section
from benchmarks.scale.law import Law

USERS, ITEMS, LIKES = 100_000_000, 50_000_000, 1_000_000_000
OUTFITS = 10_000_000
SLOTS, CANDIDATES = 3, 5
BATCH = 4096
WORKERS = 32

# The machines that are counted: cores as fast as those measured.
CORES = 64
MEMORY = 256e9
NETWORK = 25e9 / 8
"""Bytes a second between machines."""


def sections(laws: dict[str, Law]) -> list[Section]:
    """Tables of the prediction."""
    return [_work(laws), _memory(laws), _designs(laws)]


def _step(laws: dict[str, Law], users: float, items: float) -> float:
    """Core-seconds of a step of the whole batch, its tables on each worker.

    What all workers do, such as the optimizer's, is done `WORKERS` times;
    likes and items are shared out; each like meets those of all.
    """
    law = laws["training step"].cost
    return (
        WORKERS * (law["step"] + law["row"] * users)
        + law["item"] * items
        + law["like"] * BATCH
        + law["pair"] * BATCH**2
    )


def _hours(core_seconds: float) -> str:
    """Core-hours, and the time on all cores of the machines."""
    machines = core_seconds / (WORKERS * CORES)
    took = f"{machines / 60:,.1f} min"
    if machines > 7200:
        took = f"{machines / 3600:,.1f} h"
    return (
        f"{core_seconds / 3600:,.1f} core-hours, {took} on {WORKERS} machines"
    )


def _work(laws: dict[str, Law]) -> Section:
    steps = LIKES / BATCH
    photo = laws["embedding"].cost["photo"]
    outfit = laws["outfits"].cost["outfit"]
    rank = laws["ranking"].cost
    each = rank["user"] + rank["user and outfit"] * OUTFITS
    rows = [
        ["decode and embed all photos once", _hours(photo * ITEMS)],
        ["embed the outfits of the index", _hours(outfit * OUTFITS)],
        [
            "an epoch on photos, users by their likes",
            _hours(steps * _step(laws, 0, SLOTS * BATCH)),
        ],
        [
            "an epoch on ready vectors, users by their likes",
            _hours(steps * _step(laws, 0, 0)),
        ],
        [
            "an epoch on ready vectors, a row for each user",
            _hours(steps * _step(laws, USERS, 0)),
        ],
        ["recommend to all users, each outfit scored", _hours(USERS * each)],
        [
            "recommend to all users, 1 % of the outfits scored",
            _hours(
                USERS * (rank["user"] + rank["user and outfit"] * OUTFITS / 100)
            ),
        ],
    ]
    return Section(
        "Predicted work",
        f"{USERS:,} users, {ITEMS:,} items, {LIKES:,} likes, {OUTFITS:,} "
        f"outfits in the index, batches of {BATCH:,} likes; {WORKERS} machines "
        f"of {CORES} cores.",
        ("", "work"),
        rows,
    )


def _size(size: float) -> str:
    if size < 1e9:
        return f"{size / 1e6:,.0f} MB"
    return f"{size / 1e9:,.0f} GB"


def _memory(laws: dict[str, Law]) -> Section:
    user = laws["checkpoint"].cost["user"]
    item = laws["photo store"].cost["item"]
    outfit = laws["index"].cost["outfit"]
    rows = [
        ["users, a row each, with their optimizer", _size(user * USERS)],
        ["users, a row each, served", _size(user / 3 * USERS)],
        ["decoded photos of 64 pixels", _size(item * ITEMS)],
        ["vectors of all items", _size(4 * 64 * ITEMS)],
        ["index of the outfits", _size(outfit * OUTFITS)],
        ["likes, two numbers each", _size(8 * LIKES)],
        [
            "scores of a batch against all of its candidates",
            _size(4 * BATCH * BATCH * CANDIDATES / WORKERS),
        ],
    ]
    return Section(
        "Predicted memory",
        f"Vectors of 64 numbers. A machine has {MEMORY / 1e9:.0f} GB.",
        ("", "bytes"),
        rows,
    )


def _traffic(laws: dict[str, Law], users: float) -> float:
    """Bytes that go to each worker in a step, in rings."""
    law = laws["network"].cost
    # Of two workers each gets half of what was counted, and in a ring of
    # many nearly twice that.
    ring = (WORKERS - 1) / WORKERS
    model = laws["checkpoint"].cost["model"] / 12
    gathered = 64 * (SLOTS + CANDIDATES) * BATCH
    return ring * (
        law["parameter"] * model
        + law["gathered number"] * gathered
        + law["table number"] * 64 * users
    )


def _designs(laws: dict[str, Law]) -> Section:
    law = laws["training step"].cost
    steps = LIKES / BATCH
    table = law["row"] * USERS
    cores = CORES  # what one worker has for its share
    pair = law["pair"] * BATCH**2 / WORKERS / cores
    share = _step(laws, 0, SLOTS * BATCH) / WORKERS / cores
    rank = laws["ranking"].cost["user and outfit"] * OUTFITS
    limit = MEMORY / laws["checkpoint"].cost["user"]
    if "network" in laws:
        wait = f"{_traffic(laws, USERS) / NETWORK * 1000:.0f} ms"
    else:
        wait = "not measured"
    rows = [
        [
            "a row for each user",
            f"the optimizer goes through all rows in each step: {table:,.0f} "
            f"core-seconds, {table * steps / 3600 / cores:,.0f} h an epoch on "
            f"each machine, {table / (share * cores):,.0f} times all else "
            "together",
            f"first of all, by time; by memory at {limit / 1e6:,.0f} million "
            'users; `users="history"` has no rows',
        ],
        [
            "gradients and vectors between the machines",
            f"{wait} a step beside {share * 1000:.0f} ms of work on all cores",
            "where it takes longer than the work. Nearly all of it are the "
            "gathered vectors, which grow with the batch as the work does: "
            "fewer negatives a like, narrower vectors, a faster network",
        ],
        [
            "negatives of the whole batch",
            f"{pair * 1000:.1f} of {share * 1000:.1f} ms a step at {BATCH:,} "
            "likes, grows with the square",
            f"at {BATCH * ((share - pair) / pair) ** 0.5:,.0f} likes a batch "
            "they alone take as long as all else does now",
        ],
        [
            "each outfit scored for each user",
            f"{rank:.3f} core-seconds a user, "
            f"{rank * USERS / 3600:,.0f} core-hours for all",
            "with ten times the outfits; an approximate index scores some "
            "of them",
        ],
    ]
    return Section(
        "Where it breaks first",
        f"Batches of {BATCH:,} likes on {WORKERS} machines.",
        ("design", "cost", "breaks, and what then"),
        rows,
    )
