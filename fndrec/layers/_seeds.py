"""Seeds of the parts of a layer."""

import zlib


def part_seed(seed: int | None, part: str) -> int | None:
    """The seed of a part of a layer, another one for each name.

    Weights drawn from one seed are the same numbers as far as they go, only
    scaled: layers that share a seed would start out as copies.
    """
    if seed is None:
        return None
    return zlib.crc32(f"{seed} {part}".encode()) & 0x7FFFFFFF
