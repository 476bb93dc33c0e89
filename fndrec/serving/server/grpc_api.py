"""TF Serving's gRPC API: Predict, GetModelMetadata, GetModelStatus."""

from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_pb2,
    predict_pb2,
)

from fndrec.serving.server.call import Call
from fndrec.serving.server.model_messages import metadata_of, status_of
from fndrec.serving.server.predictor import Predictor
from fndrec.serving.server.proto_codec import (
    arrays_of,
    parse,
    response_of,
    signature_name_of,
)
from fndrec.serving.server.request_error import RequestError

Method = Callable[[Predictor, bytes], Awaitable[bytes]]


def services(predictor: Predictor) -> tuple[Any, ...]:
    """Makes the handlers of TF Serving's services.

    Messages stay bytes until a thread of the queue parses them. Bytes that
    cannot be parsed are then an error of the caller; gRPC's own parsing would
    report an error of the server.

    Args:
        predictor: The predictor that answers requests.

    Returns:
        Handlers for a `grpc.aio` server.
    """
    methods: dict[str, dict[str, Method]] = {
        "PredictionService": {
            "Predict": _predict,
            "GetModelMetadata": _metadata,
        },
        "ModelService": {"GetModelStatus": _status},
    }
    return tuple(
        grpc.method_handlers_generic_handler(
            f"tensorflow.serving.{service}",
            {
                name: grpc.unary_unary_rpc_method_handler(
                    _handler(predictor, method)
                )
                for name, method in service_methods.items()
            },
        )
        for service, service_methods in methods.items()
    )


def _handler(
    predictor: Predictor, method: Method
) -> Callable[[bytes, grpc.aio.ServicerContext], Awaitable[bytes]]:
    async def handle(
        message: bytes, context: grpc.aio.ServicerContext
    ) -> bytes:
        try:
            return await method(predictor, message)
        except RequestError as error:
            await context.abort(error.code, str(error))
            raise  # never reached: `abort` raises

    return handle


async def _predict(predictor: Predictor, message: bytes) -> bytes:
    def answer(call: Call) -> bytes:
        request = parse(predict_pb2.PredictRequest, message)
        spec = request.model_spec
        name = signature_name_of(request)
        signature = call.signature(spec.name, _version(spec), name)
        outputs = signature(
            arrays_of(request, call.max_bytes), request.output_filter
        )
        spec.signature_name = name
        spec.version.value = call.version
        return response_of(outputs, spec).SerializeToString()

    return await predictor.predict("grpc", answer)


async def _metadata(predictor: Predictor, message: bytes) -> bytes:
    request = parse(get_model_metadata_pb2.GetModelMetadataRequest, message)
    if list(request.metadata_field) != ["signature_def"]:
        raise RequestError(
            "`metadata_field` should be 'signature_def'. Received: "
            f"{list(request.metadata_field)}"
        )
    spec = request.model_spec
    response = metadata_of(predictor, spec.name, _version(spec))
    return response.SerializeToString()


async def _status(predictor: Predictor, message: bytes) -> bytes:
    request = parse(get_model_status_pb2.GetModelStatusRequest, message)
    spec = request.model_spec
    response = status_of(predictor, spec.name, _version(spec))
    return response.SerializeToString()


def _version(spec: model_pb2.ModelSpec) -> int | None:
    if spec.WhichOneof("version_choice") == "version_label":
        raise RequestError(
            "the version should be given by its number. Received: the label "
            f"{spec.version_label!r}"
        )
    return spec.version.value if spec.HasField("version") else None
