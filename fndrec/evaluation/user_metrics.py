"""Exact metrics over each user's pooled candidates."""

import numpy as np


def user_metrics(users: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    """Computes metrics per user, then averages them over users.

    All candidates of all the user's likes are ranked together, as the peers
    do; users count alike however many likes they have. Ties are fair: each
    metric is its mean over the orders of tied candidates.

    Args:
        users: `(likes,)` user of each row.
        scores: `(likes, candidates)`, the liked outfit in column 0.

    Returns:
        Dictionary of floats:

        - `"auc"`: share of (liked, not liked) pairs in the right order;
        - `"ndcg"`: the usual, over the whole ranking, discount
          `log2(rank + 1)`;
        - `"mean_ndcg"`: NDCG averaged over all cut-offs, discount
          `log2(max(rank, 2))`, as the code of Fashion-Hash-Net and LPAE-Net
          computes it; it is lower than the usual one.

        All are NaN if there are no negatives.

    Raises:
        ValueError: If a score is not finite.

    Example:

    >>> user_metrics(np.array([0]), np.array([[3.0, 1.0, 2.0]]))["auc"]
    1.0
    """
    found = metrics_by_user(users, scores)
    known = np.isfinite(found["auc"])
    if not known.any():
        return dict.fromkeys(found, float("nan"))
    return {name: float(x[known].mean()) for name, x in found.items()}


def metrics_by_user(
    users: np.ndarray, scores: np.ndarray, liked: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """Computes the metrics of `user_metrics`, one value per user.

    Args:
        users: `(likes,)` user of each row.
        scores: `(likes, candidates)`.
        liked: `(likes, candidates)` bools, which candidates are liked; by
            default column 0.

    Returns:
        Arrays `(distinct users,)` in the order of `np.unique(users)`, see
        `user_metrics`; NaN for a user without negatives or without a liked
        outfit.

    Raises:
        ValueError: If a score is not finite.
    """
    if not np.isfinite(scores).all():
        row, column = np.argwhere(~np.isfinite(scores))[0]
        raise ValueError(
            "`scores` should be finite. "
            f"Received: scores[{row}, {column}]={scores[row, column]}"
        )
    likes, width = scores.shape
    user = np.repeat(np.unique(users, return_inverse=True)[1], width)
    score = scores.ravel().astype(np.float64)
    if liked is None:
        liked = np.tile(np.arange(width) == 0, (likes, 1))
    liked = np.ravel(liked)

    # Best first within each user.
    order = np.lexsort((-score, user))
    user, score, liked = user[order], score[order], liked[order]
    size = np.bincount(user)
    start = np.cumsum(size) - size
    rank = np.arange(len(user)) - start[user] + 1.0
    new = np.ones(len(user), bool)
    new[1:] = (user[1:] != user[:-1]) | (score[1:] != score[:-1])
    tie = np.cumsum(new) - 1
    tied = np.bincount(tie)
    gain = (np.bincount(tie, liked) / tied)[tie]
    mean_rank = (np.bincount(tie, rank) / tied)[tie]

    positives = np.bincount(user, liked)
    negatives = size - positives
    with np.errstate(invalid="ignore", divide="ignore"):
        above = np.bincount(user, mean_rank * liked)
        # Liked outfits ranked first would have a rank sum of P (P + 1) / 2.
        lost = above - positives * (positives + 1) / 2
        auc = 1.0 - lost / (positives * negatives)
        ideal = (rank <= positives[user]).astype(np.float64)
        discount = 1.0 / np.log2(rank + 1)
        ndcg = np.bincount(user, gain * discount) / np.bincount(
            user, ideal * discount
        )
        discount = 1.0 / np.log2(np.maximum(rank, 2.0))
        at_cutoff = _running(gain * discount, start, user) / _running(
            ideal * discount, start, user
        )
        mean_ndcg = np.bincount(user, at_cutoff) / size
    known = (negatives > 0) & (positives > 0)
    return {
        name: np.where(known, values, np.nan)
        for name, values in (
            ("auc", auc),
            ("ndcg", ndcg),
            ("mean_ndcg", mean_ndcg),
        )
    }


def best_choice(scores: np.ndarray, k: int = 1) -> np.ndarray:
    """Returns whether column 0 is among the `k` best, with fair ties.

    Args:
        scores: `(rows, choices)`, the true one in column 0.
        k: How many best choices count.

    Returns:
        Floats `(rows,)`, each the mean over the orders of tied choices; a
        constant scorer gets `k / choices`.
    """
    better = (scores[:, 1:] > scores[:, :1]).sum(axis=1)
    tied = (scores[:, 1:] == scores[:, :1]).sum(axis=1) + 1
    return np.clip((k - better) / tied, 0.0, 1.0)


def best_choice_rate(scores: np.ndarray, k: int = 1) -> float:
    """Returns the mean of `best_choice`; NaN if there is no row."""
    return float(best_choice(scores, k).mean()) if len(scores) else float("nan")


def _running(
    values: np.ndarray, start: np.ndarray, user: np.ndarray
) -> np.ndarray:
    """Computes cumulative sums that restart with each user."""
    total = np.cumsum(values)
    before = np.concatenate([[0.0], total])[start]
    return total - before[user]
