"""Fuzzes the readers with atheris: `python tests/faults/fuzz_readers.py`.

The first byte says which file is replaced by the rest; the other files are
good. Nothing but a `DataError` may come out. Arguments are those of libFuzzer,
such as `-max_total_time=60` or a folder of inputs.
"""

import sys
import tempfile
from pathlib import Path

import atheris
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

with atheris.instrument_imports(include=["fndrec.data.readers"]):
    from fndrec.data import OutfitData
    from fndrec.data.readers.tables import csv, parquet
    from fndrec.errors import DataError

TABLES = {
    "items": {"item_id": ["1", "2", "3"], "category": ["a", "b", "a"]},
    "outfits": {"outfit_id": ["o", "p"], "item_ids": ["1;2", "3"]},
    "train": {"user_id": ["u", "v"], "outfit_id": ["o", "p"]},
}
CSV = tuple(f"{name}.csv" for name in TABLES)
PARQUET = tuple(f"{name}.parquet" for name in TABLES)
FILES = (*CSV, *PARQUET, "features.npy")


def write_good(folder: Path) -> None:
    """Writes each file as it should be."""
    for name, columns in TABLES.items():
        rows = [list(columns), *zip(*columns.values(), strict=True)]
        text = "".join(",".join(row) + "\n" for row in rows)
        (folder / f"{name}.csv").write_text(text)
        pq.write_table(pa.table(columns), folder / f"{name}.parquet")
    np.save(folder / "features.npy", np.ones((3, 2), np.float32))


def main() -> None:
    """Fuzzes until the time is over or something is found."""
    folder = Path(tempfile.mkdtemp())
    write_good(folder)
    good = {name: (folder / name).read_bytes() for name in FILES}
    seeds = Path(tempfile.mkdtemp())
    for number, content in enumerate(good.values()):
        (seeds / str(number)).write_bytes(bytes([number]) + content)

    def one_input(data: bytes) -> None:
        name = FILES[data[0] % len(FILES)] if data else FILES[0]
        (folder / name).write_bytes(data[1:])
        try:
            if name in PARQUET:
                read: OutfitData = parquet.read_parquet(folder)
            else:
                read = csv.read_csv(folder)
        except DataError:
            return
        finally:
            (folder / name).write_bytes(good[name])
        # What was let in holds together.
        assert read.outfit_items.max() < read.num_items
        assert len(set(read.items.to_list())) == read.num_items
        if read.features is not None:
            assert np.isfinite(read.features).all()

    atheris.Setup([*sys.argv, str(seeds)], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
