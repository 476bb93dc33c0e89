"""A loaded version of an export."""

from pathlib import Path
from typing import Any

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2
from tensorflow_serving.apis import prediction_log_pb2

from fndrec.serving.server.proto_codec import arrays_of, signature_name_of
from fndrec.serving.server.request_error import RequestError
from fndrec.serving.server.signature import Signature

WARMUP_FILE = Path("assets.extra", "tf_serving_warmup_requests")


class Servable:
    """A loaded version of an export.

    Args:
        path: Folder of the SavedModel, named by the version number.

    Raises:
        OSError: If there is no SavedModel.
        ValueError: If the SavedModel has no signature to serve.
    """

    def __init__(self, path: Path) -> None:
        self.version = int(path.name)
        self.path = path
        self._loaded: Any = tf.saved_model.load(str(path))
        self.signatures = {
            name: Signature(name, function)
            for name, function in self._loaded.signatures.items()
        }
        if not self.signatures:
            raise ValueError(
                f"{path}: should have signatures. Received: a SavedModel "
                "without any"
            )
        self.signature_defs = self._read_signature_defs()

    def signature(self, name: str) -> Signature:
        """Finds a signature.

        Args:
            name: Its name.

        Returns:
            The signature.

        Raises:
            RequestError: If there is no signature of this name.
        """
        if name not in self.signatures:
            raise RequestError(
                "the signature should be one of "
                f"{sorted(self.signatures)}. Received: {name!r}"
            )
        return self.signatures[name]

    def warm_up(self, max_bytes: int) -> int:
        """Runs the warm-up requests of the export.

        Args:
            max_bytes: Largest size of a request.

        Returns:
            The number of requests.

        Raises:
            ValueError: If a request cannot be read or answered.
        """
        path = self.path / WARMUP_FILE
        if not path.exists():
            return 0
        count = 0
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            try:
                log = prediction_log_pb2.PredictionLog.FromString(record)
                request = log.predict_log.request
                self.signature(signature_name_of(request))(
                    arrays_of(request, max_bytes)
                )
            except (DecodeError, RequestError) as error:
                raise ValueError(
                    f"{path}: record {count + 1} should be a request that the "
                    f"model can answer. Received: {error}"
                ) from error
            count += 1
        return count

    def _read_signature_defs(self) -> dict[str, meta_graph_pb2.SignatureDef]:
        stored = saved_model_pb2.SavedModel.FromString(
            (self.path / "saved_model.pb").read_bytes()
        )
        for graph in stored.meta_graphs:
            if "serve" in graph.meta_info_def.tags:
                return {
                    name: graph.signature_def[name] for name in self.signatures
                }
        raise ValueError(
            f"{self.path}: should have a graph with the tag `serve`. "
            "Received: a SavedModel without one"
        )
