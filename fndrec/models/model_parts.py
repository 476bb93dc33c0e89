"""The layers of a model, chosen by its data set."""

from typing import Any

from fndrec.data import OutfitData
from fndrec.layers import (
    CodePool,
    FeatureTower,
    IdEmbedding,
    ImageTower,
    ItemTower,
    MeanPool,
    OutfitScore,
    SetTransformer,
    UserAnchors,
    UserCodes,
    UserEmbedding,
    UserHistoryEncoder,
)

AGGREGATORS = ("set_transformer", "mean", "codes")
USERS = ("table", "history", "anchors", "codes")
Users = UserEmbedding | UserAnchors | UserCodes | UserHistoryEncoder


def parts_for(
    data: OutfitData,
    *,
    dim: int,
    backbone: Any = "alexnet",
    width: float,
    weights: str | None = None,
    num_blocks: int = 2,
    num_heads: int = 4,
    dropout: float = 0.1,
    use_id: bool | None = None,
    score: str = "cosine",
    temperature: float | None = None,
    unknown_rate: float = 0.05,
    aggregator: str = "set_transformer",
    users: str = "table",
    num_anchors: int = 4,
    seed: int = 0,
) -> dict[str, Any]:
    """Returns the layers of a model for what `data` knows of its items.

    Args:
        data: The data set: its photos (if loaded), features, categories,
            ids and users decide on the towers.
        dim: Width of the user-outfit space.
        backbone: Network of the photos, see `ImageTower`.
        width: Factor on AlexNet's filters, see `ImageTower`.
        weights: Pretrained weights, see `ImageTower`.
        num_blocks: Self-attention blocks of the aggregator.
        num_heads: Attention heads of the aggregator.
        dropout: Dropout rate of the towers of photos and features.
        use_id: Whether each item has a vector of its own. By default
            only if nothing else is known of the items: such a vector knows
            nothing of a new item, and learns few likes by heart.
        score: Kind of score, see `OutfitScore`.
        temperature: Temperature of the score; `0.8 / sqrt(dim)` by
            default. Cosines of random unit vectors spread by `1 / sqrt(dim)`;
            a fixed temperature makes the softmax of a narrow model too sharp
            to learn from.
        unknown_rate: Share of ids hidden in training, see `IdEmbedding`.
        aggregator: `"set_transformer"`; `"mean"`, the plain mean of the
            items, see `MeanPool`; or `"codes"`, that of their binary
            codes, see `CodePool`.
        users: `"table"`, a vector for each user; `"history"`, computed
            from liked outfits, see `UserHistoryEncoder`; `"anchors"`,
            several vectors for each user, see `UserAnchors`; or `"codes"`,
            a binary code for each user, see `UserCodes`.
        num_anchors: Vectors of each user of `"anchors"`.
        seed: Seed of all weights.

    Returns:
        Keyword arguments for the constructor.

    Raises:
        ValueError: If an argument is out of its range.
    """
    for name, value, known_values in (
        ("users", users, USERS),
        ("aggregator", aggregator, AGGREGATORS),
    ):
        if value not in known_values:
            raise ValueError(
                f"`{name}` should be one of {known_values}. "
                f"Received: {name}={value!r}"
            )
    if temperature is None:
        temperature = 0.8 / dim**0.5
    known = data.vocabulary
    towers: dict[str, Any] = {}
    if data.store is not None:
        towers["image"] = ImageTower(
            dim,
            data.store.size,
            backbone,
            width,
            weights,
            dropout=dropout,
            seed=seed,
            name="image",
        )
    if data.features is not None:
        towers["feature"] = FeatureTower(
            data.features.shape[1],
            dim,
            dropout=dropout,
            seed=seed,
            name="feature",
        )
    if known.categories is not None:
        towers["category"] = IdEmbedding(
            len(known.categories), dim, 0.0, seed=seed, name="category"
        )
    if use_id is None:
        use_id = not towers
    if use_id:
        towers["id"] = IdEmbedding(
            len(known.items),
            dim,
            unknown_rate,
            seed=seed + 1,
            name="id",
        )
    made: dict[str, Any] = {"seed": seed + 2, "name": "user_embedding"}
    made["unknown_rate"] = unknown_rate
    user_embedding: Users
    if users == "history":
        user_embedding = UserHistoryEncoder(dim, num_heads, **made)
    elif users == "anchors":
        user_embedding = UserAnchors(len(known.users), dim, num_anchors, **made)
    else:
        table = UserCodes if users == "codes" else UserEmbedding
        user_embedding = table(len(known.users), dim, **made)
    pool: SetTransformer | MeanPool
    if aggregator == "set_transformer":
        pool = SetTransformer(
            dim, num_blocks, num_heads, seed=seed, name="aggregator"
        )
    else:
        mean = MeanPool if aggregator == "mean" else CodePool
        pool = mean(dim, name="aggregator")
    return {
        "item_tower": ItemTower(dim, **towers, name="item_tower"),
        "aggregator": pool,
        "user_embedding": user_embedding,
        "score": OutfitScore(score, temperature, name="score"),
    }
