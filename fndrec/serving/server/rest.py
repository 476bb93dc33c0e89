"""TF Serving's REST API.

Reference: https://www.tensorflow.org/tfx/serving/api_rest
"""

import json
from collections.abc import Awaitable, Callable

import grpc
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from fndrec.serving.server.call import Call
from fndrec.serving.server.json_codec import (
    arrays_of,
    read_request,
    write_response,
)
from fndrec.serving.server.model_messages import metadata_of, status_of
from fndrec.serving.server.predictor import Predictor
from fndrec.serving.server.request_error import RequestError

METRICS_PATH = "/monitoring/prometheus/metrics"  # TF Serving's
HTTP_STATUS = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.UNAVAILABLE: 503,
}
Endpoint = Callable[[Predictor, Request], Awaitable[Response]]


def application(predictor: Predictor) -> Starlette:
    """Makes the ASGI application of the REST API.

    Args:
        predictor: The predictor that answers requests.

    Returns:
        The application.
    """
    paths: dict[str, tuple[Endpoint, list[str]]] = {
        "/health": (_health, ["GET"]),
        METRICS_PATH: (_metrics, ["GET"]),
    }
    for model in ("/v1/models/{name}", "/v1/models/{name}/versions/{version}"):
        # Longer paths first, since `{name}` would match their ends too.
        paths[model + ":predict"] = (_predict, ["POST"])
        paths[model + ":{verb}"] = (_unknown_verb, ["GET", "POST"])
        paths[model + "/metadata"] = (_metadata, ["GET"])
        paths[model] = (_status, ["GET"])
    return Starlette(
        routes=[
            Route(path, _handler(predictor, endpoint), methods=methods)
            for path, (endpoint, methods) in paths.items()
        ],
        exception_handlers={404: _wrong_path, 405: _wrong_path},
    )


def _handler(
    predictor: Predictor, endpoint: Endpoint
) -> Callable[[Request], Awaitable[Response]]:
    async def handle(request: Request) -> Response:
        try:
            return await endpoint(predictor, request)
        except RequestError as error:
            return _error(str(error), HTTP_STATUS.get(error.code, 500))
        except ClientDisconnect:
            return Response(status_code=499)  # nobody receives it

    return handle


def _error(message: str, status: int) -> Response:
    body = json.dumps({"error": message}).encode()
    return Response(body, status, media_type="application/json")


async def _wrong_path(request: Request, error: Exception) -> Response:
    return _error(
        "the path should be /v1/models/NAME[/versions/V], followed by :predict "
        "(POST), /metadata or nothing (GET). Received: "
        f"{request.method} {request.url.path}",
        getattr(error, "status_code", 404),
    )


async def _unknown_verb(predictor: Predictor, request: Request) -> Response:
    """Refuses other methods of TF Serving, and `:predict` by GET."""
    return await _wrong_path(request, HTTPException(405))


async def _predict(predictor: Predictor, request: Request) -> Response:
    body = await _body(request, predictor.max_bytes)
    if isinstance(body, Response):
        return body

    def answer(call: Call) -> bytes:
        parsed = read_request(body)
        signature = call.signature(
            request.path_params["name"],
            _version(request),
            parsed.signature_name,
        )
        return write_response(
            signature(arrays_of(parsed, signature)), parsed.by_rows
        )

    content = await predictor.predict("rest", answer)
    return Response(content, media_type="application/json")


async def _body(request: Request, limit: int) -> bytes | Response:
    """Returns the body of a request, or the response if it is too large."""
    length = request.headers.get("content-length", "0")
    body = bytearray()
    # A body that declares itself too large is not read at all.
    if int(length) <= limit:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                break
        else:
            return bytes(body)
    response = _error(
        f"the body should have at most {limit} bytes. Received: "
        f"{max(int(length), len(body))} or more",
        413,
    )
    response.headers["connection"] = "close"
    return response


async def _status(predictor: Predictor, request: Request) -> Response:
    return _message(
        status_of(predictor, request.path_params["name"], _version(request))
    )


async def _metadata(predictor: Predictor, request: Request) -> Response:
    return _message(
        metadata_of(predictor, request.path_params["name"], _version(request))
    )


def _message(message: Message) -> Response:
    content = MessageToDict(
        message,
        preserving_proto_field_name=True,
        always_print_fields_with_no_presence=True,
    )
    for packed in content.get("metadata", {}).values():
        packed.pop("@type", None)
    body = json.dumps(content, indent=1).encode()
    return Response(body, media_type="application/json")


def _version(request: Request) -> int | None:
    text = request.path_params.get("version")
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal()) or len(text) > 18:
        raise RequestError(
            f"the version should be a positive integer. Received: {text!r}"
        )
    return int(text)


async def _health(predictor: Predictor, request: Request) -> Response:
    if predictor.draining:
        return _error("the server is shutting down", 503)
    predictor.versions.get()
    return Response(b"ok\n", media_type="text/plain")


async def _metrics(predictor: Predictor, request: Request) -> Response:
    return Response(
        predictor.metrics.text(), media_type="text/plain; version=0.0.4"
    )
