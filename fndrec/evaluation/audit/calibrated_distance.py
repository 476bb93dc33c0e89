"""Distance z-scores calibrated on held-out likes."""

import numpy as np

from fndrec.data import OutfitData
from fndrec.errors import DataError
from fndrec.losses import distance_zscore
from fndrec.models import OutfitRecommender, TeacherTargets
from fndrec.models.teacher_targets import user_distances

# With fewer likes there is nothing to calibrate.
MIN_LIKES = 20
# Outfits whose vectors are in memory at once.
CHUNK = 65_536


class CalibratedDistance:
    """Distance z-score of user-outfit pairs, calibrated on held-out likes.

    `TeacherTargets` takes a user's radius from the likes in `"train"`. Training
    has pulled exactly these likes towards the user. Held-out likes lie half a
    standard deviation or more farther out, so few of them fall within that
    radius. The mean `m` and the standard deviation `s` of the z-scores of all
    held-out likes correct the radius and the scale:

        z' = (z - m) / s = (d - (r_u + m sigma_u)) / (s sigma_u)

    One linear map serves all users, so the order of a user's outfits stays. A
    held-out radius per user was tried. Users have few held-out likes, and it
    found false negatives no better.

    Args:
        model: A trained teacher or student.
        data: The data set, as the model sees it.
        calibration: Split whose likes the model was not trained on.

    Attributes:
        knowledge: The model's `TeacherTargets`.
        mean: `m`.
        deviation: `s`.
        liked: `(likes,)` z' of the held-out likes.

    Raises:
        DataError: If there is no such split, or too few likes in it.
    """

    def __init__(
        self, model: OutfitRecommender, data: OutfitData, calibration: str
    ) -> None:
        likes = data.likes(calibration)
        if len(likes) < MIN_LIKES:
            raise DataError(
                f"{data.name}: at least {MIN_LIKES} likes that the model has "
                "not seen were expected, to calibrate on. Received: "
                f"{len(likes)} in split {calibration!r}"
            )
        self.model = model
        self.data = data
        self.targets = TeacherTargets.from_model(model, data)
        self.mean, self.deviation = 0.0, 1.0
        liked = self(likes.user, data.outfit_items[likes.outfit])
        self.mean = float(liked.mean())
        # An untrained model may find all likes equally far away.
        self.deviation = max(float(liked.std()), 1e-6)
        self.liked = (liked - self.mean) / self.deviation

    def __call__(self, users: np.ndarray, outfits: np.ndarray) -> np.ndarray:
        """Returns z-scores. Below 0, an outfit is nearer than the average like.

        Args:
            users: `(pairs,)` rows of users.
            outfits: `(pairs, slots)` item rows, -1 padding.

        Returns:
            Float64 array `(pairs,)`.
        """
        known = self.targets
        items, vectors, radius, deviation = (
            variable.numpy()
            for variable in (
                known.item_vectors,
                known.user_vectors,
                known.radius,
                known.deviation,
            )
        )
        index = self.data.user_index[users]
        found = np.zeros(len(users))
        for start in range(0, len(users), CHUNK):
            part = slice(start, start + CHUNK)
            user = index[part]
            sets = self.model.embed_outfits(items, outfits[part])
            distance = user_distances(self.model, vectors, user, sets)
            z = distance_zscore(
                distance[:, None], radius[user], deviation[user]
            )
            found[part] = np.asarray(z)[:, 0]
        return (found - self.mean) / self.deviation
