"""Plain implementations, for comparison only."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from fndrec import FNDStudent, FNDTeacher, OutfitData
from fndrec.evaluation import Candidates
from fndrec.layers import FoldedDense
from fndrec.models import OutfitRecommender
from fndrec.models.candidate_scores import candidate_cosines
from fndrec.models.teacher_targets import TeacherTargets


def every_slot(batch: dict[str, Any]) -> dict[str, Any]:
    """A batch in which each slot of each candidate is an item of its own.

    Args:
        batch: A batch of `data.batches`.

    Returns:
        The same likes and candidates; the content of an item stands as often
        as the item does, a padded slot has that of the first.
    """
    outfits = batch["outfits"]
    flat = tf.reshape(tf.maximum(outfits, 0), (-1,))
    own = tf.reshape(tf.range(tf.size(outfits)), tf.shape(outfits))
    return {
        **batch,
        "outfits": tf.where(outfits >= 0, own, -1),
        "items": {k: tf.gather(v, flat) for k, v in batch["items"].items()},
    }


class _EverySlot(OutfitRecommender):
    """Encodes each slot of each candidate on its own."""

    def _encode(
        self, batch: dict[str, Any], training: bool
    ) -> tuple[Any, Any, Any]:
        return super()._encode(every_slot(batch), training)


class NaiveTeacher(_EverySlot, FNDTeacher):
    """A teacher that encodes each slot of each candidate on its own."""


class NaiveStudent(_EverySlot, FNDStudent):
    """A student that encodes each slot of each candidate on its own."""


class NaiveTargets(TeacherTargets):
    """A teacher that looks at each photo of each slot in each step."""

    def _cosines(self, batch: dict[str, Any], in_batch: bool) -> Any:
        slots = every_slot(batch)
        items = self.model.encode_items(slots["items"])
        outfits = self.model.encode_outfits(items, slots["outfits"])
        users = self.model.encode_users(batch["user"])
        return tf.stop_gradient(candidate_cosines(users, outfits, in_batch))


def auc_user_by_user(
    model: OutfitRecommender,
    data: OutfitData,
    candidates: Candidates,
    users: np.ndarray,
) -> float:
    """Mean AUC of some users, candidate by candidate with its photos.

    Args:
        model: The model.
        data: The data set, with photos.
        candidates: The candidates.
        users: Rows of the users.

    Returns:
        The mean over the users of each one's AUC.
    """
    found = []
    for user in users:
        liked: list[float] = []
        other: list[float] = []
        for outfits in candidates.outfits[candidates.user == user]:
            for place, outfit in enumerate(outfits):
                rows = outfit[outfit >= 0]
                score = model(
                    {
                        "user": data.user_index[[user]],
                        "items": {
                            key: tf.convert_to_tensor(value)
                            for key, value in data.content(rows).items()
                        },
                        "outfits": np.arange(len(rows))[None, None],
                    }
                )
                (other if place else liked).append(float(score[0, 0]))
        pairs = np.subtract.outer(liked, other)
        found.append(((pairs > 0) + 0.5 * (pairs == 0)).mean())
    return float(np.mean(found))


class PlainAggregator(tf.Module):
    """The Set Transformer written with the layers of Keras.

    Args:
        aggregator: A `SetTransformer`, whose weights it takes: so both
            compute the same.
    """

    def __init__(self, aggregator: Any) -> None:
        super().__init__()
        self.blocks = [
            _plain(block, "norm", "inner_norm", "inner", "outer")
            for block in aggregator.blocks
        ]
        names = "norm", "inner_norm", "inner", "outer", "last_norm", "last"
        self.plain = _plain(aggregator, *names)
        self.attentions = [_attention(block) for block in aggregator.blocks]
        self.pooling, self.seed = _pooling(aggregator)

    @property
    def trainable_weights(self) -> list[Any]:
        """The weights of all its layers."""
        parts = [part for plain in self.blocks for part in plain.values()]
        parts += [*self.attentions, self.pooling, *self.plain.values()]
        return [weight for part in parts for weight in part.trainable_weights]

    def __call__(self, items: Any, outfits: Any) -> Any:
        """As `SetTransformer.call`, for outfits `(outfits, slots)`."""
        present = (outfits >= 0)[:, None]
        x = tf.gather(items, tf.maximum(outfits, 0))
        for block, attention in zip(self.blocks, self.attentions, strict=True):
            plain = block["norm"](x)
            x = x + attention(plain, plain, attention_mask=present)
            x = x + block["outer"](block["inner"](block["inner_norm"](x)))
        x = self.plain["norm"](x)
        seed = tf.repeat(self.seed, tf.shape(x)[0], axis=0)
        pooled = self.pooling(seed, x, attention_mask=present)[:, 0]
        inner = self.plain["inner"](self.plain["inner_norm"](pooled))
        pooled = pooled + self.plain["outer"](inner)
        return self.plain["last"](self.plain["last_norm"](pooled))


def _plain(layer: Any, *names: str) -> dict[str, Any]:
    """Keras's own layers in place of some sublayers, with their weights."""
    made: dict[str, Any] = {}
    for name in names:
        part = getattr(layer, name)
        made[name] = (
            keras.layers.Dense(part.units, activation=part.activation)
            if isinstance(part, FoldedDense)
            else keras.layers.LayerNormalization(epsilon=part.epsilon)
        )
        made[name].build((None, part.weights[0].shape[0]))
        made[name].set_weights(part.get_weights())
    return made


def _attention(block: Any) -> Any:
    """A `MultiHeadAttention` with the weights of a block."""
    heads, dim = block.num_heads, block.dim
    kernel, bias = (w.numpy() for w in block.projection.weights)
    weights: list[Any] = []
    for k, b in zip(np.split(kernel, 3, 1), np.split(bias, 3), strict=True):
        weights += [k.reshape(dim, heads, -1), b.reshape(heads, -1)]
    return _with_weights(heads, dim, [*weights, *_mix(block)])


def _pooling(aggregator: Any) -> tuple[Any, Any]:
    """One of a seed whose product with the keys is what was learned."""
    heads, dim = aggregator.num_heads, aggregator.dim
    width = dim // heads
    learned = aggregator.attention.kernel.numpy()
    key = np.zeros((dim, heads, width), np.float32)
    key[:, :, 0] = learned * width**0.5
    query = np.zeros((heads, width), np.float32)
    query[:, 0] = 1.0
    kernel, bias = (w.numpy() for w in aggregator.value.weights)
    weights = [
        np.zeros((dim, heads, width), np.float32),
        query,
        key,
        np.zeros((heads, width), np.float32),
        kernel.reshape(dim, heads, width),
        bias.reshape(heads, width),
    ]
    made = _with_weights(heads, dim, [*weights, *_mix(aggregator)])
    return made, ops.zeros((1, 1, dim))


def _mix(layer: Any) -> list[Any]:
    kernel, bias = (w.numpy() for w in layer.mix.weights)
    return [kernel.reshape(layer.num_heads, -1, layer.dim), bias]


def _with_weights(heads: int, dim: int, weights: list[Any]) -> Any:
    made = keras.layers.MultiHeadAttention(heads, dim // heads)
    made.build((None, None, dim), (None, None, dim))
    made.set_weights(weights)
    return made
