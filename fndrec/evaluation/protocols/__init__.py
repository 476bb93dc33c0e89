"""Evaluation protocols, by name."""

from collections.abc import Mapping
from types import MappingProxyType

from fndrec.data import OutfitData
from fndrec.evaluation.protocols.all_outfits import AllOutfits
from fndrec.evaluation.protocols.cold_items import ColdItems
from fndrec.evaluation.protocols.cold_users import ColdUsers
from fndrec.evaluation.protocols.fixed_protocol import FixedProtocol
from fndrec.evaluation.protocols.protocol import Protocol, Ranking
from fndrec.evaluation.protocols.sampled_negatives import SampledNegatives

__all__ = [
    "PROTOCOLS",
    "AllOutfits",
    "ColdItems",
    "ColdUsers",
    "FixedProtocol",
    "Protocol",
    "Ranking",
    "SampledNegatives",
    "default_protocol",
    "protocol_named",
]

PROTOCOLS: Mapping[str, Protocol] = MappingProxyType(
    {
        one.name: one
        for one in (
            SampledNegatives(10, "catalogue", name="type-aware"),
            SampledNegatives(10, "hard", name="hard"),
            AllOutfits(),
            ColdUsers(),
            ColdItems(),
        )
    }
)
"""The protocols that need no more than a data set, by name."""


def default_protocol(data: OutfitData) -> Protocol:
    """Returns the default protocol of a data set.

    Args:
        data: The data set.

    Returns:
        `"all outfits"` if users share outfits, else `"type-aware"`.
    """
    return PROTOCOLS["all outfits" if data.shares_outfits else "type-aware"]


def protocol_named(name: str) -> Protocol:
    """Returns a protocol by its name.

    Args:
        name: The name.

    Returns:
        The protocol.

    Raises:
        ValueError: If there is none of this name.
    """
    if name not in PROTOCOLS:
        raise ValueError(
            f"`protocol` should be one of {tuple(PROTOCOLS)}, or an object. "
            f"Received: protocol={name!r}"
        )
    return PROTOCOLS[name]
