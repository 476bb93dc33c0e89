"""Targets that a student learns from a frozen teacher."""

from typing import Any, Self

import numpy as np
import tensorflow as tf
from keras import ops

from fndrec.data import OutfitData
from fndrec.losses import distance_zscore
from fndrec.models import replicas
from fndrec.models.candidate_scores import candidate_cosines, training_scores
from fndrec.models.recommender import OutfitRecommender


class TeacherTargets:
    """Scores and distance z-scores of a frozen teacher, for any batch.

    The teacher's tower runs once over the catalogue. At each step only its
    aggregator runs, on the candidates. The radius `r_u` of a user is the mean
    of the teacher's distances to the outfits that the user liked in training;
    `sigma_u` is their standard deviation. The deviation of a user with few
    likes is shrunk to that of the average user, which counts as
    `VARIANCE_PRIOR` likes.

    Args:
        model: The teacher. Its aggregator and score are used as they are at
            the time of each call.
        item_vectors: Float array `(catalogue, dim)`.
        user_vectors: Float array of unit vectors `(users + 1, dim)`, or of
            anchors `(users + 1, anchors, dim)`, row 0 the cold-start user.
        radius: Float array `(users + 1,)`, the radii `r_u`.
        deviation: Float array `(users + 1,)`, the deviations `sigma_u`.

    Example:

    >>> targets = teacher.targets(data)
    >>> batch = next(iter(data.batches("train", 32)))
    >>> targets.distance_zscore(batch).shape
    TensorShape([32, 11])

    Reference: Kim et al. 2021, False Negative Distillation.
    """

    # Likes that the variance of the average user counts as.
    VARIANCE_PRIOR = 4.0

    def __init__(
        self,
        model: OutfitRecommender,
        item_vectors: np.ndarray,
        user_vectors: np.ndarray,
        radius: np.ndarray,
        deviation: np.ndarray,
    ) -> None:
        self.model = model
        # Constants would be copied into every graph.
        self.item_vectors, self.user_vectors, self.radius, self.deviation = (
            tf.Variable(array, dtype=tf.float32, trainable=False)
            for array in (item_vectors, user_vectors, radius, deviation)
        )

    @classmethod
    def from_model(
        cls,
        model: OutfitRecommender,
        data: OutfitData,
        split: str = "train",
    ) -> Self:
        """Computes the targets of a teacher for a data set.

        Args:
            model: The teacher.
            data: The data set.
            split: Split whose likes define the radii. The teacher was trained
                on the likes of `"train"`; likes of other splits lie farther
                out.

        Returns:
            The targets.
        """
        items = model.embed_items(data)
        likes = data.likes(split)
        liked, inverse = np.unique(likes.outfit, return_inverse=True)
        outfits = model.embed_outfits(items, data.outfit_items[liked])
        users = model.user_vectors(data)
        index = data.user_index[likes.user]
        distance = user_distances(model, users, index, outfits[inverse])
        radius, deviation = radii(index, distance, len(users))
        return cls(model, items, users, radius, deviation)

    def _cosines(self, batch: dict[str, Any], in_batch: bool) -> Any:
        items = tf.gather(self.item_vectors, replicas.all_rows(batch))
        outfits = self.model.encode_outfits(items, batch["outfits"])
        users = tf.gather(self.user_vectors, batch["user"])
        every = replicas.gathered(outfits, batch) if in_batch else None
        return tf.stop_gradient(
            candidate_cosines(users, outfits, in_batch, self.model.score, every)
        )

    def scores(self, batch: dict[str, Any], in_batch: bool = False) -> Any:
        """Returns the teacher's scores of the candidates of a batch.

        Args:
            batch: The batch, see `OutfitRecommender`.
            in_batch: Whether the candidates of the whole batch follow each
                like's own, as in the student's loss.

        Returns:
            Float32 `(batch, candidates)`, or more columns if `in_batch`.
        """
        scores = self.model.score.from_cosine(self._cosines(batch, in_batch))
        return training_scores(scores, batch, in_batch)

    def distance_zscore(
        self, batch: dict[str, Any], in_batch: bool = False
    ) -> Any:
        """Returns z-scores of the candidates; below 0: a false negative.

        Args:
            batch: As in `scores`.
            in_batch: As in `scores`.

        Returns:
            Float32 `(batch, candidates)`, or more columns if `in_batch`.
        """
        cosines = self._cosines(batch, in_batch)
        return distance_zscore(
            ops.sqrt(ops.maximum(2.0 - 2.0 * cosines, 0.0)),
            tf.gather(self.radius, batch["user"]),
            tf.gather(self.deviation, batch["user"]),
        )


def user_distances(
    model: OutfitRecommender,
    users: np.ndarray,
    index: np.ndarray,
    outfits: np.ndarray,
) -> np.ndarray:
    """Returns distances of users to outfits.

    Args:
        model: The model.
        users: Unit vectors `(users, dim)`, or of anchors
            `(users, anchors, dim)`.
        index: `(pairs,)` rows of `users`.
        outfits: Unit vectors `(pairs, dim)`.

    Returns:
        Float array `(pairs,)`.
    """
    if users.ndim == 2:
        return np.linalg.norm(users[index] - outfits, axis=-1)
    # For anchors: the distance of unit vectors with the cosine of the score.
    cosine = np.concatenate(
        [
            np.asarray(
                model.score.cosine(
                    users[index[i : i + 4096]], outfits[i : i + 4096, None]
                )
            )[:, 0]
            for i in range(0, len(index), 4096)
        ]
    )
    return np.sqrt(np.maximum(2.0 - 2.0 * cosine, 0.0))


def radii(
    users: np.ndarray, distances: np.ndarray, num_users: int
) -> tuple[np.ndarray, np.ndarray]:
    """Returns mean and deviation of each user's distances to liked outfits.

    Args:
        users: `(likes,)` user indices; index 0 is the cold-start user.
        distances: `(likes,)` distances.
        num_users: Number of user indices.

    Returns:
        Radius and deviation `(num_users,)`. A user without likes, such as
        the cold-start user, gets those of all likes together.
    """
    count = np.bincount(users, minlength=num_users)
    total = np.bincount(users, distances, minlength=num_users)
    known = count > 0
    radius = np.full(num_users, distances.mean())
    radius[known] = total[known] / count[known]
    square = np.bincount(
        users, (distances - radius[users]) ** 2, minlength=num_users
    )
    # The pooled variance within users is the prior.
    spare = max(len(distances) - int(known.sum()), 1)
    pooled = square.sum() / spare
    if pooled == 0:
        pooled = distances.var()
    prior = TeacherTargets.VARIANCE_PRIOR
    variance = (square + prior * pooled) / (np.maximum(count - 1, 0) + prior)
    return radius, np.sqrt(variance)
