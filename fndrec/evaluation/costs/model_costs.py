"""Costs of one model."""

import dataclasses

from fndrec.evaluation.costs.int8_tower import Int8Tower
from fndrec.evaluation.costs.latency import Latency


@dataclasses.dataclass(frozen=True)
class ModelCosts:
    """Size, work and latency of one model.

    Attributes:
        parameters: Number of weights.
        parameters_without_users: The same without the table of users.
        bytes: Of the weights, in float32, that a device needs to score new
            outfits for a user vector: item tower, its tables of items and
            categories included, and aggregator.
        item_tower_bytes: Of the item tower's weights alone.
        int8: The item tower with 8-bit weights.
        multiply_adds_per_item: To make the vector of an item.
        multiply_adds_per_outfit: To score an outfit of 4 ready item vectors.
        latency: Latency by what is computed: `"1 item"`, `"32 items"` and
            `"1000 outfits"` of 4 ready item vectors.
    """

    parameters: int
    parameters_without_users: int
    bytes: int
    item_tower_bytes: int
    int8: Int8Tower
    multiply_adds_per_item: int
    multiply_adds_per_outfit: int
    latency: dict[str, Latency]
