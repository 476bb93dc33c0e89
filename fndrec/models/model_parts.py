"""The layers of a model, chosen by its data set."""

from typing import Any

from fndrec.checks import one_of
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
    aggregator: str | None = None,
    users: str = "table",
    num_anchors: int = 4,
    seed: int = 0,
) -> dict[str, Any]:
    """Returns the layers of a model for what `data` knows of its items.

    The arguments are those of `FNDTeacher.from_data`.

    Returns:
        Keyword arguments for the constructor.

    Raises:
        ValueError: If an argument is out of its range.
    """
    one_of("users", users, USERS)
    if aggregator is not None:
        one_of("aggregator", aggregator, AGGREGATORS)
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
    ids_alone = not towers
    if aggregator is None:
        by_mean = ids_alone and data.shares_outfits
        aggregator = "mean" if by_mean else "set_transformer"
    if use_id is None:
        use_id = ids_alone
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
