"""What someone who has a SavedModel and TensorFlow alone would run.

Run as a script: `alone.py SAVED_MODEL REQUESTS ANSWERS`. No part of fndrec, and
no Keras, can be imported while it runs.
"""

import base64
import json
import sys
from typing import Any

REFUSED = {"fndrec", "keras", "tf_keras", "tensorflow_recommenders"}


class Without:
    """A finder that finds none of what is not to be there."""

    def __init__(self, finder: Any) -> None:
        self.finder = finder

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name.split(".")[0] in REFUSED:
            return None
        return self.finder.find_spec(name, path, target)


def tensor(value: Any, spec: Any) -> Any:
    if value and isinstance(value[0], dict):
        value = [base64.b64decode(one["b64"]) for one in value]
    return tf.constant(value, spec.dtype)


def plain(value: Any) -> Any:
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value.decode() if isinstance(value, bytes) else value


sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
import tensorflow as tf  # noqa: E402

loaded = tf.saved_model.load(sys.argv[1])
with open(sys.argv[2], encoding="utf-8") as file:
    requests = json.load(file)
assert requests.keys() == loaded.signatures.keys()
answers: dict[str, Any] = {"version": tf.__version__}
for name, request in requests.items():
    signature = loaded.signatures[name]
    specs = signature.structured_input_signature[1]
    found = signature(**{k: tensor(v, specs[k]) for k, v in request.items()})
    answers[name] = {k: plain(v.numpy().tolist()) for k, v in found.items()}
assert not REFUSED & {name.split(".")[0] for name in sys.modules}
with open(sys.argv[3], "w", encoding="utf-8") as file:
    json.dump(answers, file)
