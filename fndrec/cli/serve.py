"""Serve an export for development and tests; production is TF Serving.

Speaks TF Serving's REST API and, of its gRPC API, Predict, GetModelMetadata
and GetModelStatus. A new version in EXPORT_DIR takes over when it is loaded.
Needs the extra `serving`.
"""

import argparse
from pathlib import Path

from fndrec.cli import _types
from fndrec.errors import DataError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of the command."""
    parser.add_argument("export_dir", type=Path, metavar="EXPORT_DIR")
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen at; whoever reaches it may ask",
    )
    parser.add_argument(
        "--port", type=_types.port, default=8501, help="port of REST"
    )
    parser.add_argument(
        "--grpc-port", type=_types.port, default=8500, help="port of gRPC"
    )
    parser.add_argument(
        "--name", default="fndrec", help="name of the model in requests"
    )
    parser.add_argument(
        "--workers",
        type=_types.positive_int,
        default=None,
        metavar="N",
        help="requests that run at a time (default: one for each core)",
    )
    parser.add_argument(
        "--queue",
        type=_types.non_negative_int,
        default=64,
        metavar="N",
        help="requests that may wait; more are refused",
    )
    parser.add_argument(
        "--max-request-mb",
        type=_types.positive_int,
        default=64,
        metavar="MB",
        help="limit of a request",
    )
    parser.add_argument(
        "--poll-seconds",
        type=_types.positive_float,
        default=1.0,
        metavar="S",
        help="how often to look for a new version",
    )


def run(args: argparse.Namespace) -> None:
    """Runs the command."""
    try:
        from fndrec.serving import Server
    except ModuleNotFoundError as error:
        raise DataError(str(error)) from error
    server = Server(
        args.export_dir,
        name=args.name,
        host=args.host,
        port=args.port,
        grpc_port=args.grpc_port,
        workers=args.workers,
        queue_size=args.queue,
        max_request_bytes=args.max_request_mb * 2**20,
        poll_seconds=args.poll_seconds,
    )
    print(
        "For development and tests: in production serve this folder with TF "
        "Serving.",
        flush=True,
    )

    def ready() -> None:
        print(
            f"REST at http://{server.host}:{server.port}/v1/models/"
            f"{server.name}, gRPC at {server.host}:{server.grpc_port}",
            flush=True,
        )

    server.run(ready)
