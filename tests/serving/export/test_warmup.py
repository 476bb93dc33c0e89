"""Warm-up records: well-formed, and answered by the model."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from fndrec.serving.export.warmup import BATCHES, FILE


def records(exported: Path) -> list[Any]:
    path = exported / "assets.extra" / FILE
    return [
        prediction_log_pb2.PredictionLog.FromString(record.numpy())
        for record in tf.data.TFRecordDataset(str(path))
    ]


def test_records_parse_and_replay(exported: Path, loaded: Any) -> None:
    logs = records(exported)
    seen = []
    for log in logs:
        assert log.WhichOneof("log_type") == "predict_log"
        request = log.predict_log.request
        assert request.model_spec.name == "fndrec"
        signature = loaded.signatures[request.model_spec.signature_name]
        inputs = {
            name: tf.constant(tf.make_ndarray(tensor))
            for name, tensor in request.inputs.items()
        }
        given = signature.structured_input_signature[1]
        assert inputs.keys() == given.keys()
        for name, value in inputs.items():
            assert value.dtype == given[name].dtype
            assert given[name].shape.is_compatible_with(value.shape)
        found = signature(**inputs)
        for name in {"valid", "known"} & found.keys():
            assert tf.reduce_all(found[name]), request.model_spec
        batch = found[next(iter(found))].shape[0]
        seen.append((request.model_spec.signature_name, batch))
    assert sorted(seen) == sorted(
        (name, batch) for name in loaded.signatures for batch in BATCHES
    )


def test_nothing_is_left_of_the_messages(exported: Path) -> None:
    """No field that the protos do not know: the encoding is theirs."""
    path = exported / "assets.extra" / FILE
    for record in tf.data.TFRecordDataset(str(path)):
        log = prediction_log_pb2.PredictionLog.FromString(record.numpy())
        again = log.SerializeToString(deterministic=True)
        assert len(again) == len(record.numpy())


def tensors(signature: Any, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """REST rows as the inputs of a signature."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return tf.io.decode_base64(
                value["b64"].replace("+", "-").replace("/", "_").rstrip("=")
            ).numpy()
        return value

    return {
        name: tf.constant([plain(row[name]) for row in rows], spec.dtype)
        for name, spec in signature.structured_input_signature[1].items()
    }


def test_the_readme_and_its_examples(exported: Path, loaded: Any) -> None:
    extra = exported / "assets.extra"
    page = (extra / "README.md").read_text(encoding="utf-8")
    for name, signature in loaded.signatures.items():
        assert f"\n## {name}\n" in page
        section = page.split(f"\n## {name}\n")[1].split("\n## ")[0]
        for key in (
            *signature.structured_input_signature[1],
            *signature.structured_outputs,
        ):
            assert f"| `{key}` |" in section
        example = extra / "examples" / f"{name}.json"
        text = example.read_text(encoding="utf-8")
        request = json.loads(text)
        assert request["signature_name"] == name
        if "```json" in section:
            assert text.strip() in section
        found = signature(**tensors(signature, request["instances"]))
        for key in {"valid", "known"} & found.keys():
            assert tf.reduce_all(found[key]), name
        for value in found.values():
            if value.dtype == tf.float32:
                assert np.isfinite(value).all()
