"""What ends TLS before a server, as a load balancer does."""

import socket
import ssl
import threading
from pathlib import Path
from types import TracebackType

import trustme


class TlsProxy:
    """Listens with TLS and passes on what comes to a port without.

    Args:
        port: Where to.
        folder: Where the certificates are written: `ca.pem`, and
            `client.pem` and `client.key` of a client that is let in.
        ask_client: Whether clients have to show a certificate.
    """

    def __init__(
        self, port: int, folder: Path, ask_client: bool = False
    ) -> None:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(folder / "ca.pem"))
        client = authority.issue_cert("client@example.org")
        client.private_key_pem.write_to_path(str(folder / "client.key"))
        client.cert_chain_pems[0].write_to_path(str(folder / "client.pem"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)
        authority.configure_trust(context)
        if ask_client:
            context.verify_mode = ssl.CERT_REQUIRED
        context.set_alpn_protocols(["h2", "http/1.1"])
        self._context = context
        self._to = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]

    def __enter__(self) -> "TlsProxy":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._listening.accept()
            except OSError:  # closed
                return
            threading.Thread(
                target=self._pass_on, args=(plain,), daemon=True
            ).start()

    def _pass_on(self, plain: socket.socket) -> None:
        try:
            caller = self._context.wrap_socket(plain, server_side=True)
        except OSError:  # no TLS, or not let in
            plain.close()
            return
        server = socket.create_connection(("127.0.0.1", self._to))
        threading.Thread(
            target=_copy, args=(server, caller), daemon=True
        ).start()
        _copy(caller, server)


def _copy(one: socket.socket, other: socket.socket) -> None:
    try:
        while data := one.recv(2**16):
            other.sendall(data)
    except OSError:
        pass
    finally:
        one.close()
        other.close()
