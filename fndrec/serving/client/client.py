"""A client of TF Serving and `fndrec serve` for exports of fndrec."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal

import numpy as np

from fndrec.checks import non_negative_int, one_of, positive_float
from fndrec.serving.client import _inputs, _retry
from fndrec.serving.client._grpc_transport import GrpcTransport
from fndrec.serving.client._rest_transport import RestTransport
from fndrec.serving.client._transport import Endpoint, Transport
from fndrec.serving.client.answers import (
    Completions,
    Embeddings,
    LikeRecommendations,
    Recommendations,
    Scores,
)

TRANSPORTS: dict[str, type[GrpcTransport] | type[RestTransport]] = {
    "grpc": GrpcTransport,
    "rest": RestTransport,
}
Ids = Sequence[str] | np.ndarray
Counts = int | Sequence[int] | np.ndarray


class Client:
    """Calls exports of fndrec on TF Serving or `fndrec serve`.

    Each signature has a method of the same name, which takes lists or NumPy
    arrays and returns NumPy arrays. Sets of ids may differ in length: they are
    padded, and the lengths are sent. Arguments are checked before anything is
    sent. Threads may share a client, but it does not survive a fork.

    Args:
        address: `host:port`. By default TF Serving uses port 8500 for gRPC and
            8501 for REST.
        protocol: "grpc" or "rest". For photos and vectors, gRPC messages are
            several times smaller and faster.
        model: Name of the model on the server.
        version: Number of the version; the newest by default.
        timeout: Seconds that a call may take, including retries.
        retries: Number of attempts after the first. Only the status
            UNAVAILABLE leads to a retry. The pauses grow from at most 0.1 s to
            at most 2 s.
        max_message_bytes: Largest size of a request or an answer.
        tls: Whether to encrypt the connection.
        root_certificates: PEM file of the trusted root certificates; those of
            the system by default.
        certificate: PEM file of the client's certificate.
        private_key: PEM file of the certificate's key.

    Raises:
        ValueError: If an argument is invalid.

    Example:

    >>> with fndrec.serving.Client("localhost:8500") as client:
    ...     best = client.recommend(["u007"], k=3)
    >>> best.outfit_id[0], best.score[0], best.known[0]
    """

    def __init__(
        self,
        address: str,
        protocol: Literal["grpc", "rest"] = "grpc",
        *,
        model: str = "fndrec",
        version: int | None = None,
        timeout: float = 10.0,
        retries: int = 5,
        max_message_bytes: int = 64 * 2**20,
        tls: bool = False,
        root_certificates: str | Path | None = None,
        certificate: str | Path | None = None,
        private_key: str | Path | None = None,
    ) -> None:
        one_of("protocol", protocol, sorted(TRANSPORTS))
        timeout = positive_float("timeout", timeout)
        retries = non_negative_int("retries", retries)
        endpoint = Endpoint(
            address=address,
            model=model,
            version=version,
            max_message_bytes=max_message_bytes,
            tls=tls,
            root_certificates=root_certificates,
            certificate=certificate,
            private_key=private_key,
        )
        self._transport: Transport = TRANSPORTS[protocol](endpoint)
        self._timeout = timeout
        self._retries = retries

    def score_photos(
        self,
        user_id: Ids,
        length: Sequence[int] | np.ndarray,
        *,
        image: np.ndarray | None = None,
        feature: np.ndarray | None = None,
        category: Sequence[Ids] | np.ndarray | None = None,
        item_id: Sequence[Ids] | np.ndarray | None = None,
    ) -> Scores:
        """Scores outfits by the content of their items, which may be new.

        Of the last four arguments, give the inputs of the model. The method
        also works for models that take no photos.

        Args:
            user_id: One user per outfit.
            length: Number of items of each outfit.
            image: Uint8 `(batch, slots, size, size, 3)`.
            feature: Float32 `(batch, slots, features)`.
            category: Names of categories `(batch, slots)`.
            item_id: Ids of items `(batch, slots)`.

        Returns:
            `Scores` of shape `(batch,)`.

        Raises:
            ValueError: If an argument is invalid.
            ServingError: If the server does not answer.
        """
        users = _inputs.strings("user_id", user_id)
        inputs = {
            "user_id": users,
            "length": _inputs.ints("length", length, users.shape),
        }
        if image is not None:
            inputs["image"] = _inputs.array("image", image, np.uint8, 5)
        if feature is not None:
            inputs["feature"] = _inputs.array("feature", feature, np.float32, 3)
        if category is not None:
            inputs["category"], _ = _inputs.sets("category", category)
        if item_id is not None:
            inputs["item_id"], _ = _inputs.sets("item_id", item_id)
        # Every export has this signature; `score_photos` is the same one.
        outputs = self.predict("serving_default", inputs)
        return Scores(outputs["score"], outputs["valid"], outputs["known"])

    def embed_items(
        self,
        image_bytes: Sequence[bytes] | None = None,
        *,
        feature: np.ndarray | None = None,
        category: Ids | None = None,
        item_id: Ids | None = None,
    ) -> Embeddings:
        """Embeds items. Give the inputs of the model.

        Args:
            image_bytes: Photos as JPEG, PNG or BMP files.
            feature: Float32 `(batch, features)`.
            category: Names of categories.
            item_id: Ids of items.

        Returns:
            `Embeddings`. An unusable photo is not valid and does not affect
            the others.

        Raises:
            ValueError: If an argument is invalid.
            ServingError: If the server does not answer.
        """
        inputs = {}
        if image_bytes is not None:
            inputs["image_bytes"] = _inputs.blobs("image_bytes", image_bytes)
        if feature is not None:
            inputs["feature"] = _inputs.array("feature", feature, np.float32, 2)
        if category is not None:
            inputs["category"] = _inputs.strings("category", category)
        if item_id is not None:
            inputs["item_id"] = _inputs.strings("item_id", item_id)
        return self._embeddings("embed_items", inputs)

    def embed_outfits(self, item_id: Sequence[Ids] | np.ndarray) -> Embeddings:
        """Embeds outfits of items of the catalogue.

        Args:
            item_id: Ids of the items of each outfit.

        Returns:
            `Embeddings`. An outfit that is empty or has an unknown item is not
            valid.

        Raises:
            ValueError: If an argument is invalid.
            ServingError: If the server does not answer.
        """
        ids, lengths = _inputs.sets("item_id", item_id)
        return self._embeddings(
            "embed_outfits", {"item_id": ids, "length": lengths}
        )

    def embed_outfits_from_embeddings(
        self,
        item_embedding: np.ndarray,
        length: Sequence[int] | np.ndarray,
    ) -> Embeddings:
        """Embeds outfits, given the vectors of their items.

        Args:
            item_embedding: Float32 `(batch, slots, dim)`.
            length: Number of items of each outfit.

        Returns:
            `Embeddings`.

        Raises:
            ValueError: If an argument is invalid.
            ServingError: If the server does not answer.
        """
        items = _inputs.array("item_embedding", item_embedding, np.float32, 3)
        lengths = _inputs.ints("length", length, items.shape[:1])
        return self._embeddings(
            "embed_outfits_from_embeddings",
            {"item_embedding": items, "length": lengths},
        )

    def score_outfits(
        self,
        user_id: Ids,
        item_id: Sequence[Sequence[Ids]] | np.ndarray,
    ) -> Scores:
        """Scores candidate outfits of items of the catalogue for users.

        Args:
            user_id: The users.
            item_id: Ids of the items of each candidate of each user.

        Returns:
            `Scores` of shape `(batch, candidates)`.

        Raises:
            ValueError: If an argument is invalid.
            ServingError: If the server does not answer.
        """
        users = _inputs.strings("user_id", user_id)
        items, lengths = _inputs.sets("item_id", item_id, 3)
        outputs = self.predict(
            "score_outfits",
            {"user_id": users, "item_id": items, "length": lengths},
        )
        return _scores(outputs, lengths)

    def score_outfits_from_embeddings(
        self,
        user_id: Ids,
        item_embedding: np.ndarray,
        length: Counts | Sequence[Sequence[int]],
    ) -> Scores:
        """Scores candidate outfits for users, given the vectors of the items.

        Args:
            user_id: The users.
            item_embedding: Float32 `(batch, candidates, slots, dim)`.
            length: Number of items of each candidate `(batch, candidates)`.

        Returns:
            `Scores` of shape `(batch, candidates)`.

        Raises:
            ValueError: If an argument is invalid.
            ServingError: If the server does not answer.
        """
        items = _inputs.array("item_embedding", item_embedding, np.float32, 4)
        lengths = _inputs.ints("length", length, items.shape[:2])
        outputs = self.predict(
            "score_outfits_from_embeddings",
            {
                "user_id": _inputs.strings("user_id", user_id),
                "item_embedding": items,
                "length": lengths,
            },
        )
        return _scores(outputs, lengths)

    def recommend(self, user_id: Ids, k: Counts) -> Recommendations:
        """Finds the best outfits of the export for users.

        Args:
            user_id: The users.
            k: Number of outfits, for all users or for each.

        Returns:
            `Recommendations`.

        Raises:
            ValueError: If an argument is invalid.
            ServingError: If the server does not answer.
        """
        return self._recommendations("recommend", _users_and_k(user_id, k))

    def recommend_filtered(
        self,
        user_id: Ids,
        k: Counts,
        *,
        exclude_outfit_id: Sequence[Ids] | np.ndarray | None = None,
        category: Sequence[Ids] | np.ndarray | None = None,
    ) -> Recommendations:
        """Finds the best outfits for users that meet conditions.

        Args:
            user_id: The users.
            k: Number of outfits, for all users or for each.
            exclude_outfit_id: Outfits to leave out, one list per user.
            category: Categories that the items of an outfit must belong to, one
                list per user; an empty list means any.

        Returns:
            `Recommendations`.

        Raises:
            ValueError: If an argument is invalid.
            ServingError: If the server does not answer.
        """
        inputs = _users_and_k(user_id, k)
        for name, value in (
            ("exclude_outfit_id", exclude_outfit_id),
            ("category", category),
        ):
            if value is None:
                value = [[""]] * len(inputs["k"])
            inputs[name], lengths = _inputs.sets(name, value)
            inputs[f"{name.removesuffix('_outfit_id')}_length"] = lengths
        return self._recommendations("recommend_filtered", inputs)

    def recommend_for_likes(
        self, liked_outfit_id: Sequence[Ids] | np.ndarray, k: Counts
    ) -> LikeRecommendations:
        """Finds the best outfits for lists of likes, of any user.

        Args:
            liked_outfit_id: Liked outfits, one list per row.
            k: Number of outfits, for all rows or for each.

        Returns:
            `LikeRecommendations`.

        Raises:
            ValueError: If an argument is invalid.
            ServingError: If the server does not answer.
        """
        liked, lengths = _inputs.sets("liked_outfit_id", liked_outfit_id)
        counts = _inputs.ints("k", k, lengths.shape)
        outputs = self.predict(
            "recommend_for_likes",
            {"liked_outfit_id": liked, "length": lengths, "k": counts},
        )
        width = counts.max(initial=0)
        return LikeRecommendations(
            _columns(outputs["outfit_id"], width),
            _columns(outputs["score"], width),
            outputs["valid"],
        )

    def complete(
        self,
        user_id: Ids,
        item_id: Sequence[Ids] | np.ndarray,
        k: Counts,
        *,
        category: Ids | None = None,
    ) -> Completions:
        """Finds the best items of the catalogue to complete outfits with.

        Args:
            user_id: The users.
            item_id: Ids of the items of each partial outfit.
            k: Number of items, for all outfits or for each.
            category: Category of the new item, one per outfit, "" for any; any
                for all outfits by default.

        Returns:
            `Completions`.

        Raises:
            ValueError: If an argument is invalid.
            ServingError: If the server does not answer.
        """
        inputs = _users_and_k(user_id, k)
        inputs["item_id"], inputs["length"] = _inputs.sets("item_id", item_id)
        if category is None:
            category = [""] * len(inputs["k"])
        inputs["category"] = _inputs.strings("category", category)
        outputs = self.predict("complete", inputs)
        width = inputs["k"].max(initial=0)
        return Completions(
            _columns(outputs["item_id"], width),
            _columns(outputs["score"], width),
            outputs["valid"],
            outputs["known"],
        )

    def predict(
        self, signature: str, inputs: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Calls a signature.

        Args:
            signature: Its name.
            inputs: Arrays by input name; strings and bytes have dtype object.

        Returns:
            The outputs by name. With REST, a single output is named "outputs",
            since its name is not sent.

        Raises:
            ServingError: If the server does not answer.
        """
        return _retry.call(
            lambda seconds: self._transport.predict(signature, inputs, seconds),
            self._timeout,
            self._retries,
        )

    def status(self) -> dict[int, str]:
        """Returns the state of each version, such as "AVAILABLE".

        Returns:
            The states by version number.

        Raises:
            ServingError: If the server does not answer.
        """
        return _retry.call(self._transport.status, self._timeout, self._retries)

    def close(self) -> None:
        """Closes connections."""
        self._transport.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _embeddings(
        self, signature: str, inputs: dict[str, np.ndarray]
    ) -> Embeddings:
        outputs = self.predict(signature, inputs)
        vectors = outputs["embedding"]
        return Embeddings(
            _columns(vectors, vectors.shape[-1]), outputs["valid"]
        )

    def _recommendations(
        self, signature: str, inputs: dict[str, np.ndarray]
    ) -> Recommendations:
        outputs = self.predict(signature, inputs)
        width = inputs["k"].max(initial=0)
        return Recommendations(
            _columns(outputs["outfit_id"], width),
            _columns(outputs["score"], width),
            outputs["known"],
        )


def _users_and_k(user_id: Ids, k: Counts) -> dict[str, np.ndarray]:
    users = _inputs.strings("user_id", user_id)
    return {"user_id": users, "k": _inputs.ints("k", k, users.shape)}


def _scores(outputs: Mapping[str, np.ndarray], lengths: np.ndarray) -> Scores:
    width = lengths.shape[1]
    return Scores(
        _columns(outputs["score"], width),
        _columns(outputs["valid"], width),
        outputs["known"],
    )


def _columns(value: np.ndarray, count: int) -> np.ndarray:
    """Returns the requested columns: TF Serving may add some by batching."""
    # JSON does not tell the second axis of an empty array.
    table = value if value.ndim > 1 else value.reshape(len(value), 0)
    return table[:, :count]
