"""Exports trained models, serves them and calls them."""

from typing import TYPE_CHECKING, Any

from fndrec.extras import require
from fndrec.serving.device.on_device import DeviceFile, export_on_device
from fndrec.serving.export.export import export
from fndrec.serving.export.precision import with_precision
from fndrec.serving.serving_error import ServingError

if TYPE_CHECKING:
    from fndrec.serving.client.client import Client
    from fndrec.serving.server import Server

__all__ = [
    "Client",
    "DeviceFile",
    "Server",
    "ServingError",
    "export",
    "export_on_device",
    "with_precision",
]

PACKAGES = {
    "Client": ("grpc", "tensorflow_serving", "urllib3"),
    "Server": (
        *("grpc", "tensorflow_serving"),
        *("starlette", "uvicorn", "prometheus_client"),
    ),
}


def __getattr__(name: str) -> Any:
    """Imports the names that need the extra `serving` on first access."""
    if name not in PACKAGES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    for package in PACKAGES[name]:
        require(package, "serving", f"fndrec.serving.{name}")
    if name == "Client":
        from fndrec.serving.client.client import Client

        return Client
    from fndrec.serving.server import Server

    return Server
