"""A SavedModel for tests of the server: quick to make, easy to foresee."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

GO = "go"


class HandMade(tf.Module):
    """Signatures whose answers can be told by hand.

    Args:
        shift: What tells versions apart.
    """

    def __init__(self, shift: float) -> None:
        super().__init__()
        self.shift = tf.Variable(shift)

    def score(self, image: Any, length: Any) -> dict[str, Any]:
        """The mean of the pixels, times the length."""
        light = tf.reduce_mean(tf.cast(image, tf.float32), axis=[1, 2, 3, 4])
        return {"score": light * tf.cast(length, tf.float32) + self.shift}

    def recommend(self, user_id: Any, k: Any) -> dict[str, Any]:
        """The same outfits for all, scores falling from the length of the id.

        A column more than asked for, as of a server that has answered another
        request at the same time.
        """
        most = tf.maximum(tf.reduce_max(k), 0) + 1
        shape = (tf.shape(k)[0], most)
        ids = tf.strings.join(["o", tf.strings.as_string(tf.range(most))])
        best = tf.cast(tf.strings.length(user_id), tf.float32) + self.shift
        return {
            "outfit_id": tf.broadcast_to(ids, shape),
            "score": best[:, None] - tf.cast(tf.range(most), tf.float32),
            "known": user_id != "nobody",
        }

    def number(self, word: Any) -> dict[str, Any]:
        """A number from its digits; an error if it has others."""
        return {"value": tf.strings.to_number(word) + self.shift}

    def echo(self, flag: Any, level: Any, raw: Any) -> dict[str, Any]:
        return {"flag": flag, "level": level, "raw_bytes": raw, "raw": raw}

    def count(self, word: Any) -> dict[str, Any]:
        """One number for the whole batch."""
        return {"count": tf.size(word), "word": word}

    def wait(self, path: Any) -> dict[str, Any]:
        """Waits until the first file holds a word."""

        def read(_: Any) -> Any:
            # The time, of which nothing is kept, forbids TensorFlow to read
            # once and for all.
            now = tf.strings.as_string(tf.timestamp())
            name = tf.strings.join([path[0], tf.strings.substr(now, 0, 0)])
            return tf.io.read_file(name)

        word = tf.while_loop(lambda word: word != GO, read, [tf.constant("")])
        return {
            "version": tf.fill(tf.shape(path), self.shift),
            "word": tf.repeat(word, tf.shape(path)[0]),
        }


def text(name: str) -> Any:
    return tf.TensorSpec((None,), tf.string, name)


def write(
    path: Path, shift: float = 0.0, warmup: tuple[bytes, ...] = ()
) -> Path:
    """Writes a version under another name, then renames it.

    Args:
        path: Folder of the version.
        shift: What tells it apart.
        warmup: Its warm-up records.

    Returns:
        The path.
    """
    model = HandMade(shift)
    inputs = {
        "score": (
            tf.TensorSpec((None, None, 4, 4, 3), tf.uint8, "image"),
            tf.TensorSpec((None,), tf.int32, "length"),
        ),
        "recommend": (
            text("user_id"),
            tf.TensorSpec((None,), tf.int32, "k"),
        ),
        "number": (text("word"),),
        "echo": (
            tf.TensorSpec((None,), tf.bool, "flag"),
            tf.TensorSpec((None,), tf.float32, "level"),
            text("raw"),
        ),
        "count": (text("word"),),
        "wait": (text("path"),),
    }
    signatures = {
        name: tf.function(getattr(model, name)).get_concrete_function(*specs)
        for name, specs in inputs.items()
    }
    signatures["serving_default"] = signatures.pop("score")
    draft = path.with_name(f".{path.name}")
    tf.saved_model.save(model, str(draft), signatures=signatures)
    if warmup:
        (draft / "assets.extra").mkdir()
        file = draft / "assets.extra" / "tf_serving_warmup_requests"
        with tf.io.TFRecordWriter(str(file)) as writer:
            for record in warmup:
                writer.write(record)
    draft.rename(path)
    return path


def request(
    signature: str, inputs: dict[str, Any], model: str = "fndrec"
) -> Any:
    """A request over gRPC; lists of words become strings."""
    made: Any = predict_pb2.PredictRequest()
    made.model_spec.name = model
    made.model_spec.signature_name = signature
    for name, value in inputs.items():
        value = np.asarray(value)
        dtype = tf.string if value.dtype.kind in "OUS" else None
        made.inputs[name].CopyFrom(tf.make_tensor_proto(value, dtype))
    return made


def record(signature: str, inputs: dict[str, Any]) -> bytes:
    """A warm-up record."""
    log = prediction_log_pb2.PredictionLog()
    log.predict_log.request.CopyFrom(request(signature, inputs))
    return log.SerializeToString()
