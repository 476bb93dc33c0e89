"""Seeds for the parts of a layer."""

import zlib


def part_seed(seed: int | None, part: str) -> int | None:
    """Returns the seed of a named part of a layer.

    Weights drawn from one seed are the same numbers up to a scale, so parts
    that shared a seed would start as copies of each other.
    """
    if seed is None:
        return None
    return zlib.crc32(f"{seed} {part}".encode()) & 0x7FFFFFFF
