"""One way to teach a student."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class Variant:
    """One way to teach a student; the defaults are a plain student.

    Attributes:
        name: Its name in the tables.
        fnd: Whether there is False Negative Distillation.
        alpha: Its strength.
        clip: Its limit of the z-score; `None` for none.
        control: What is done to the z-score before, see `controls`.
        radius: Split whose likes give the radii.
        kd: Whether there is Hinton's distillation.
        temperature: Its temperature.
        weight: Its weight against the likes, or against the loss of False
            Negative Distillation where both are on.
        contrastive: Weight of the contrastive loss.
        views: How the two views are made: `erase`, `replace` (by a random
            item of the category) or `similar` (by one of the nearest).
        contrastive_temperature: Temperature of `NTXent`.
        negatives: Negatives drawn for each like.
        sampling: Where they come from.
        in_batch: Whether those of the whole batch count too.
        score: Kind of score.
        score_temperature: Its temperature; `None` if it is learned.
        teacher: Which teacher.
        size: Factor on the student's width.
        learning_rate: Highest learning rate.
    """

    name: str
    fnd: bool = False
    alpha: float = 1.0
    clip: float | None = 3.0
    control: str | None = None
    radius: str = "train"
    kd: bool = False
    temperature: float = 2.0
    weight: float = 0.9
    contrastive: float = 0.0
    views: tuple[str, str] = ("erase", "erase")
    contrastive_temperature: float = 0.2
    negatives: int = 4
    sampling: str = "recombined"
    in_batch: bool = True
    score: str = "cosine"
    score_temperature: float | None = 0.1
    teacher: str = "large"
    size: float = 1.0
    learning_rate: float = 3e-3

    def but(self, name: str, **changes: Any) -> Self:
        """The same with some changes, under another name."""
        return dataclasses.replace(self, name=name, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Its settings, as JSON keeps them."""
        settings = dataclasses.asdict(self)
        settings["views"] = list(self.views)
        return settings

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> Self:
        """The variant of `to_dict`."""
        return cls(**{**settings, "views": tuple(settings["views"])})
