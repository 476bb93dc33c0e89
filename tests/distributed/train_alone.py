"""Trains and writes down what came out: a process of a test.

`train_alone.py SHARING KIND SHOP OUT`: SHARING is `one`, `mirrored` or, with
`TF_CONFIG`, `workers`.
"""

import json
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

sharing, kind, shop, out = sys.argv[1:]
if sharing == "mirrored":
    cpus = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(
        cpus[0], [tf.config.LogicalDeviceConfiguration()] * 2
    )
strategy: Any = {
    "one": tf.distribute.get_strategy,
    "mirrored": lambda: tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]),
    "workers": tf.distribute.MultiWorkerMirroredStrategy,
}[sharing]()

sys.path.insert(0, str(Path(__file__).parents[1]))

from tiny_models import STILL, tiny_student, tiny_teacher  # noqa: E402

import fndrec  # noqa: E402

data = fndrec.load_data(shop).with_photos(16)
users = 1 + len(data.vocabulary.users)
batches: dict[str, Any] = {"negatives": 3}
with strategy.scope():
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9)
    metrics = [fndrec.metrics.NDCG(), fndrec.metrics.UserAUC(users)]
    model: Any
    if kind == "student":
        teacher = tiny_teacher(data, seed=3, **STILL)
        model = tiny_student(data, **STILL)
        model.compile(
            optimizer,
            metrics=metrics,
            distillation=[
                fndrec.losses.FalseNegativeDistillation(),
                fndrec.losses.KnowledgeDistillation(8.0, weight=0.9),
            ],
            teacher=teacher.targets(data),
            contrastive_weight=0.5,
        )
        batches["views"] = (fndrec.EraseItem(), fndrec.EraseItem())
    else:
        chosen = STILL if kind == "teacher" else {}
        model = tiny_teacher(
            data,
            users="history" if kind == "history" else "table",
            **chosen,
        )
        model.compile(optimizer, metrics=metrics)
if kind == "history":
    batches["history"] = 3
    model.user_embedding.unknown_rate = 0.0
if kind != "random":
    model.item_tower.towers["image"].flip = False
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0.0

# 100 likes: the last batch has one like, fewer than there are replicas.
train = fndrec.distribute(data, "train", 33, strategy, **batches)
history = model.fit(train, epochs=2, verbose=0).history
valid = fndrec.distribute(data, "valid", 7, strategy, **batches)
evaluated = model.evaluate(valid, verbose=0, return_dict=True)
scores = model.predict(valid, verbose=0)
np.savez(
    out,
    scores=scores,
    *model.get_weights(),  # noqa: B026
    history=json.dumps(history),
    evaluated=json.dumps(evaluated),
)
