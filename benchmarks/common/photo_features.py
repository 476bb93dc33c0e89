"""Plain features of photos, which make a model of photos quick to train."""

import numpy as np
import numpy.typing as npt

GRID = 4
BINS = 8


def photo_features(
    photos: npt.NDArray[np.uint8],
) -> npt.NDArray[np.float32]:
    """Colours on a grid, histograms of colour, and edges at three scales.

    Args:
        photos: `(items, size, size, 3)`; `size` is a multiple of 16.

    Returns:
        `(items, features)`, each feature of mean 0 and deviation 1.
    """
    rows = [
        _features(np.asarray(photos[start : start + 512], np.float32) / 255.0)
        for start in range(0, len(photos), 512)
    ]
    found = np.concatenate(rows)
    deviation = found.std(axis=0)
    found = (found - found.mean(axis=0)) / np.maximum(deviation, 1e-6)
    return found.astype(np.float32)


def _features(x: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    n, size = len(x), x.shape[1]
    cells = x.reshape(n, GRID, size // GRID, GRID, size // GRID, 3)
    parts = [cells.mean(axis=(2, 4)), cells.std(axis=(2, 4))]
    lightness = x.mean(axis=3)
    saturation = x.max(axis=3) - x.min(axis=3)
    for channel in (x[..., 0], x[..., 1], x[..., 2], lightness, saturation):
        bins = np.minimum((channel * BINS).astype(int), BINS - 1)
        share = [(bins == b).mean(axis=(1, 2)) for b in range(BINS)]
        parts.append(np.sqrt(np.stack(share, axis=1)))
    for scale in (1, 2, 4):
        part = lightness.reshape(n, size // scale, scale, size // scale, scale)
        part = part.mean(axis=(2, 4))
        down = np.abs(np.diff(part, axis=1))
        across = np.abs(np.diff(part, axis=2))
        for edge in (down, across):
            flat = edge.reshape(n, -1)
            parts.append(
                np.stack([flat.mean(axis=1), flat.std(axis=1)], axis=1)
            )
    return np.concatenate([part.reshape(n, -1) for part in parts], axis=1)
