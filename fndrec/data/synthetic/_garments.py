"""Drawings of garments for the synthetic shop."""

import colorsys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

CATEGORIES = ("top", "bottom", "shoes", "bag")
PATTERNS = ("plain", "stripes", "dots", "checks")

OVERSAMPLING = 3  # photos are drawn this much larger, then reduced

Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Look:
    """The look of a garment; all numbers are from 0 to 1.

    Args:
        hue: Position on the color wheel.
        saturation: From gray to vivid.
        lightness: From dark to light.
        pattern: One of `PATTERNS`.
        strength: Contrast of the pattern; 0 for a plain garment.
        frequency: From few to many repeats of the pattern.
        length: Length of the sleeves, legs, shaft (shoes) or strap (bag).
    """

    hue: float
    saturation: float
    lightness: float
    pattern: str
    strength: float
    frequency: float
    length: float


def draw_garment(
    category: str, look: Look, size: int, rng: np.random.Generator
) -> np.ndarray:
    """Draws a garment as in a product photo.

    Position, size, angle, cut, folds, light and noise are random and
    independent of the look.

    Args:
        category: One of `CATEGORIES`.
        look: The look of the garment.
        size: Height and width of the photo.
        rng: Source of all random properties.

    Returns:
        uint8 array `(size, size, 3)`.
    """
    canvas = _Canvas(size * OVERSAMPLING, rng)
    _SHAPES[category](canvas, look.length, rng)
    fabric, accent = _colors(look)
    pattern = _pattern(look, *canvas.coordinates())[..., None]
    cloth = fabric + (accent - fabric) * pattern
    details = canvas.pixels(canvas.details)[..., None]
    cloth = cloth * (1 - 0.55 * details)

    mask = canvas.pixels(canvas.mask)
    x, y = canvas.coordinates()
    folds = np.sin(
        rng.uniform(9, 16) * x + 3 * np.sin(3 * y + rng.uniform(0, 6))
    )
    inner = canvas.pixels(canvas.mask, blur=0.03)
    light = 0.72 + 0.28 * inner + 0.05 * folds + rng.uniform(-0.1, 0.1) * x
    cloth = cloth * light[..., None]

    tint = rng.uniform(0.93, 0.99) + rng.uniform(-0.012, 0.012, 3)
    shadow = np.roll(canvas.pixels(canvas.mask, blur=0.04), size // 12, axis=0)
    background = tint * (1 - 0.13 * shadow[..., None] - 0.03 * y[..., None])

    photo = background + (cloth - background) * mask[..., None]
    photo = photo.reshape(size, OVERSAMPLING, size, OVERSAMPLING, 3)
    photo = photo.mean((1, 3)) + rng.normal(0, 0.012, (size, size, 3))
    return np.clip(np.rint(photo * 255), 0, 255).astype(np.uint8)


class _Canvas:
    """Draws shapes of the unit square, slightly shifted and rotated."""

    def __init__(self, pixels: int, rng: np.random.Generator) -> None:
        self.side = pixels
        self.shift = rng.uniform(-0.035, 0.035, 2)
        self.scale = rng.uniform(0.9, 1.04)
        angle = rng.uniform(-0.08, 0.08)
        self.rotation = np.array(
            [
                [np.cos(angle), -np.sin(angle)],
                [np.sin(angle), np.cos(angle)],
            ]
        )
        self.mask = Image.new("L", (pixels, pixels))
        self.details = Image.new("L", (pixels, pixels))

    def shape(self, points: Points, value: int = 255) -> None:
        """Adds a polygon to the garment, or removes it if `value` is 0."""
        ImageDraw.Draw(self.mask).polygon(self._placed(points), fill=value)

    def line(self, points: Points, width: float, part: str = "mask") -> None:
        """Adds a stroke to the garment or to its details."""
        ImageDraw.Draw(getattr(self, part)).line(
            self._placed(points),
            fill=255,
            width=max(1, round(width * self.side)),
            joint="curve",
        )

    def detail(self, points: Points) -> None:
        """Adds a polygon to the details, which are drawn darker."""
        ImageDraw.Draw(self.details).polygon(self._placed(points), fill=255)

    def pixels(self, part: Image.Image, blur: float = 0.0) -> np.ndarray:
        if blur:
            part = part.filter(ImageFilter.GaussianBlur(blur * self.side))
        return np.asarray(part, np.float64) / 255

    def coordinates(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns the position of each pixel in the unit square."""
        axis = (np.arange(self.side) + 0.5) / self.side - 0.5
        x, y = np.meshgrid(axis - self.shift[0], axis - self.shift[1])
        (a, b), (c, d) = self.rotation.T / self.scale
        return a * x + b * y + 0.5, c * x + d * y + 0.5

    def _placed(self, points: Points) -> Points:
        moved = (np.array(points) - 0.5) @ self.rotation.T * self.scale
        return [(x, y) for x, y in (moved + self.shift + 0.5) * self.side]


def _top(canvas: _Canvas, length: float, rng: np.random.Generator) -> None:
    width = rng.uniform(0.17, 0.2)
    hem = 0.72 + 0.1 * length + rng.uniform(-0.03, 0.03)
    reach = 0.13 + 0.42 * length
    flare = rng.uniform(-0.02, 0.03)
    angle = rng.uniform(0.35, 0.6)
    out, down = np.sin(angle), np.cos(angle)
    body = [(0.42, 0.17), (0.5 - width - 0.02, 0.22), (0.5 - width, 0.4)]
    body += [(0.5 - width - flare, hem)]
    canvas.shape(body + _mirrored(body))
    for side in (-1, 1):
        shoulder = 0.5 + side * (width + 0.015)
        cuff = (shoulder + side * out * reach, 0.225 + down * reach)
        inner = (cuff[0] - side * 0.095 * down, cuff[1] + 0.095 * out)
        armpit = (0.5 + side * (width - 0.005), 0.38)
        canvas.shape([(shoulder, 0.215), cuff, inner, armpit])
        canvas.line([(shoulder, 0.23), armpit], 0.008, "details")
        canvas.line([cuff, inner], 0.014, "details")
    depth = rng.uniform(0.04, 0.1)
    neck = _arc(0.5, 0.165, 0.075, depth, 0, np.pi)
    canvas.shape(neck, 0)
    canvas.line(neck, 0.016, "details")


def _bottom(canvas: _Canvas, length: float, rng: np.random.Generator) -> None:
    waist, hips = rng.uniform(0.13, 0.15), rng.uniform(0.18, 0.21)
    hem = 0.42 + 0.5 * length
    if rng.random() < 0.4:  # a skirt
        flare = hips + rng.uniform(0.0, 0.1) * (0.5 + length)
        half = [(0.5 - waist, 0.09), (0.5 - hips, 0.3), (0.5 - flare, hem)]
        canvas.shape(half + _mirrored(half))
    else:
        cuff = rng.uniform(0.065, 0.1)
        for side in (-1, 1):
            leg = 0.5 + side * (hips * 0.62 + 0.03 * length)
            canvas.shape(
                [
                    (0.5, 0.09),
                    (0.5 + side * waist, 0.09),
                    (0.5 + side * hips, 0.28),
                    (leg + side * cuff, hem),
                    (leg - side * cuff, hem),
                    (0.5, 0.36),
                ]
            )
        canvas.line([(0.5, 0.12), (0.5, 0.35)], 0.008, "details")
    belt = [(0.5 - waist, 0.09), (0.5 - waist - 0.005, 0.125)]
    canvas.detail(belt + _mirrored(belt))


def _shoes(canvas: _Canvas, length: float, rng: np.random.Generator) -> None:
    shaft = 0.56 - 0.38 * length
    toe = rng.uniform(0.84, 0.92)
    heel = rng.uniform(0.03, 0.1)
    ankle = rng.uniform(0.42, 0.47)
    canvas.shape(
        [
            (0.17, shaft),
            (ankle - 0.02, shaft),
            (ankle, 0.55),
            (0.62, 0.63),
            *_arc(toe - 0.14, 0.77, 0.14, 0.13, -np.pi / 2.2, 0),
            (toe, 0.79),
            (0.14, 0.79),
            (0.15, 0.65),
        ]
    )
    sole = [(0.13, 0.77), (toe + 0.01, 0.77), (toe + 0.01, 0.81)]
    sole += [(0.4, 0.81), (0.35, 0.81 + heel), (0.13, 0.81 + heel)]
    canvas.shape(sole)
    canvas.detail(sole)
    for step in range(3):
        x, y = ankle + 0.05 * step, 0.575 + 0.028 * step
        canvas.line([(x - 0.05, y + 0.05), (x + 0.03, y)], 0.013, "details")
    canvas.line([(0.16, shaft), (ankle - 0.02, shaft)], 0.02, "details")


def _bag(canvas: _Canvas, length: float, rng: np.random.Generator) -> None:
    top, width = rng.uniform(0.5, 0.56), rng.uniform(0.24, 0.33)
    floor, slant = rng.uniform(0.84, 0.92), rng.uniform(-0.04, 0.05)
    half = [(0.5 - width + slant, top), (0.5 - width, floor - 0.04)]
    half += [(0.5 - width + 0.04, floor)]
    canvas.shape(half + _mirrored(half))
    strap = _arc(
        0.5, top + 0.02, width * 0.6, 0.12 + 0.34 * length, np.pi, 2 * np.pi
    )
    canvas.line(strap, 0.035)
    canvas.line(strap, 0.012, "details")
    flap = [(0.5 - width + slant, top + 0.015), (0.5, top + 0.15)]
    canvas.line(flap + _mirrored(flap), 0.014, "details")
    canvas.detail(_arc(0.5, top + 0.15, 0.03, 0.03, 0, 2 * np.pi))


_SHAPES: dict[str, Callable[[_Canvas, float, np.random.Generator], None]] = {
    "top": _top,
    "bottom": _bottom,
    "shoes": _shoes,
    "bag": _bag,
}


def _mirrored(points: Points) -> Points:
    return [(1 - x, y) for x, y in reversed(points)]


def _arc(
    x: float, y: float, width: float, height: float, start: float, stop: float
) -> Points:
    angles = np.linspace(start, stop, 24)
    return [(x + width * np.cos(a), y + height * np.sin(a)) for a in angles]


def _colors(look: Look) -> tuple[np.ndarray, np.ndarray]:
    """Returns the color of the fabric and a lighter or darker accent."""
    lightness = 0.22 + 0.58 * look.lightness
    contrast = 0.5 if lightness < 0.5 else -0.45
    saturation = 0.05 + 0.9 * look.saturation
    shades = (lightness, lightness + contrast * look.strength)
    fabric, accent = (
        np.array(colorsys.hls_to_rgb(look.hue, shade, saturation))
        for shade in shades
    )
    return fabric, accent


def _pattern(look: Look, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Returns the share of the accent in each pixel, from 0 to 1."""
    repeats = 5 + 7 * look.frequency
    across, down = (np.sin(2 * np.pi * repeats * axis) for axis in (x, y))
    match look.pattern:
        case "stripes":
            wave = down
        case "dots":
            wave = across * down - 0.25
        case "checks":
            wave = np.maximum(across, down) - 0.35
        case _:
            return np.zeros_like(x)
    return np.clip(0.5 + 3 * wave, 0, 1)
