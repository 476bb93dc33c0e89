"""The one import of tensorflow_recommenders.

TensorFlow Recommenders 0.7.7 refuses to be imported under Keras 3: its
`__init__` compares the version of `tf.keras`. The part of it that fndrec
stands on, `tfrs.Model`, works under Keras 3 as it is. So for the moment of
the import `tf.keras.version` answers "2", and is put back at once.
"""

import os

import tensorflow as tf

if os.environ.get("TF_USE_LEGACY_KERAS", "").lower() in ("1", "true"):
    raise ImportError(
        "fndrec needs Keras 3, and the environment variable "
        "TF_USE_LEGACY_KERAS asks TensorFlow for Keras 2. Unset it. "
        f"Received: TF_USE_LEGACY_KERAS={os.environ['TF_USE_LEGACY_KERAS']}"
    )

# Loads the module behind the lazy `tf.keras` so that it can be patched.
_version = tf.keras.version
tf.keras.version = lambda: "2"
try:
    import tensorflow_recommenders as tfrs
finally:
    tf.keras.version = _version

Model = tfrs.Model

__all__ = ["Model"]
