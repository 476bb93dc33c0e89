"""Sublayers that can be set up otherwise, and are kept so."""

from collections.abc import Mapping
from typing import Any

import keras

Changes = Mapping[str, Mapping[str, Any]]


class Sublayers:
    """Makes the sublayers of a layer, and finds what was changed in them.

    A layer is saved by the arguments it was made with. Without more, what is
    changed in a sublayer is lost in the file: another activation, a
    regularizer, LoRA, 8-bit weights. So the layer also keeps the arguments in
    which its sublayers differ from those it makes by itself, and takes them.

    Args:
        owner: The layer, whose dtype policy its sublayers have by default.
        changes: Arguments of sublayers by the name of the sublayer, in place
            of the default ones.

    Example:

    >>> fndrec.layers.FeatureTower(
    ...     512, dim=64, sublayers={"inner": {"activation": "gelu"}})
    """

    def __init__(self, owner: Any, changes: Changes | None) -> None:
        self._owner = owner
        self._changes = dict(changes or {})
        # By name: the sublayer and its arguments as made by default.
        self._made: dict[str, tuple[Any, dict[str, Any]]] = {}

    def make(self, kind: Any, name: str, **kwargs: Any) -> Any:
        """Makes a sublayer.

        Args:
            kind: Its class.
            name: Its name.
            **kwargs: Its default arguments.

        Returns:
            The sublayer, with the changes applied.
        """
        layer = kind(name=name, dtype=self._owner.dtype_policy, **kwargs)
        default = _unshared(layer.get_config())
        if name in self._changes:
            layer = kind.from_config({**default, **self._changes[name]})
        self._made[name] = layer, default
        return layer

    def check(self) -> None:
        """Raises if changes are of a sublayer that was not made."""
        if not self._changes.keys() <= self._made.keys():
            raise ValueError(
                f"`sublayers` should have keys among {sorted(self._made)}. "
                f"Received: sublayers={self._changes}"
            )

    def config(self) -> dict[str, Any]:
        """The changes as an entry of the layer's config, if there are any."""
        dtype = keras.dtype_policies.serialize(self._owner.dtype_policy)
        changes = {}
        for name, (layer, default) in self._made.items():
            default = {**default, "dtype": dtype}
            changed = {
                key: value
                for key, value in _unshared(layer.get_config()).items()
                if key not in default or default[key] != value
            }
            if changed:
                changes[name] = changed
        return {"sublayers": changes} if changes else {}


def _unshared(config: Any) -> Any:
    """A config without Keras's marks of objects that it meets twice.

    Keras knows an object by its place in memory, which one that has gone
    leaves to another. No object is shared among sublayers.
    """
    if isinstance(config, dict):
        return {
            key: _unshared(value)
            for key, value in config.items()
            if key != "shared_object_id"
        }
    if isinstance(config, list | tuple):
        return type(config)(_unshared(value) for value in config)
    return config
