"""Keras's own layers in place of those that fold into one another."""

from typing import Any

import keras

from fndrec.layers import FoldedDense


def plain(layer: Any) -> Any:
    """The layer of Keras that a sublayer stands for, with its weights."""
    made: Any
    if isinstance(layer, FoldedDense):
        made = keras.layers.Dense(
            layer.units, activation=layer.activation, use_bias=layer.use_bias
        )
    else:
        made = keras.layers.LayerNormalization(epsilon=layer.epsilon)
    made.build((None, layer.weights[0].shape[0]))
    made.set_weights(layer.get_weights())
    return made
