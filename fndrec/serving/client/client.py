"""A client of TF Serving, or of `fndrec serve`, for exports of fndrec."""

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
    """A client of TF Serving, or of `fndrec serve`, for exports of fndrec.

    Each signature has a method of its name, which takes lists and NumPy
    arrays and gives NumPy arrays. Sets of ids may have several lengths: they
    are filled up, and the lengths are sent. Arguments are checked before
    anything is sent. May be used by several threads, but not across a fork.

    Args:
        address: `host:port`; by default TF Serving listens at port 8500 for
            gRPC and 8501 for REST.
        protocol: "grpc" or "rest". gRPC is several times smaller and quicker
            for photos and vectors.
        model: Name of the model on the server.
        version: Number of the version; by default the newest.
        timeout: Seconds that a call may take, all tries together.
        retries: Tries after the first, for a server that is UNAVAILABLE, and
            for no other error. The first pause is 0.1 s at most, the longest
            2 s.
        max_message_bytes: Limit of a request and of an answer.
        tls: Whether to encrypt.
        root_certificates: PEM file of who vouches for the server; by default
            those of the system.
        certificate: PEM file that says who the client is.
        private_key: PEM file of the certificate's key.

    Raises:
        ValueError: If an argument is not as above.

    Example:

    >>> with fndrec.serving.Client("localhost:8500") as client:
    ...     found = client.recommend(["u007"], k=3)
    >>> found.outfit_id[0], found.score[0], found.known[0]
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
        """Scores outfits by what the model looks at, in catalogue or not.

        Of the last four, those are needed that the model looks at. Also for
        models that look at no photos.

        Args:
            user_id: A user for each outfit.
            length: The number of items of each outfit.
            image: uint8 `(batch, slots, size, size, 3)`.
            feature: float32 `(batch, slots, features)`.
            category: Names of categories `(batch, slots)`.
            item_id: Ids of items `(batch, slots)`.

        Returns:
            `Scores` of `(batch,)`.

        Raises:
            ValueError: If an argument cannot be used.
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
        # There for every model, and the same as `score_photos` where there
        # are photos.
        found = self.predict("serving_default", inputs)
        return Scores(found["score"], found["valid"], found["known"])

    def embed_items(
        self,
        image_bytes: Sequence[bytes] | None = None,
        *,
        feature: np.ndarray | None = None,
        category: Ids | None = None,
        item_id: Ids | None = None,
    ) -> Embeddings:
        """Embeds items, of which those are needed that the model looks at.

        Args:
            image_bytes: Photos as files: JPEG, PNG or another kind that the
                export takes.
            feature: float32 `(batch, features)`.
            category: Names of categories.
            item_id: Ids of items.

        Returns:
            `Embeddings`; a photo that cannot be used is not valid, and does
            no harm to the others.

        Raises:
            ValueError: If an argument cannot be used.
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
            `Embeddings`; an outfit that is empty or has an item not known is
            not valid.

        Raises:
            ValueError: If an argument cannot be used.
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
        """Embeds outfits of items that were embedded before.

        Args:
            item_embedding: float32 `(batch, slots, dim)`.
            length: The number of items of each outfit.

        Returns:
            `Embeddings`.

        Raises:
            ValueError: If an argument cannot be used.
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
        """Scores candidates, made of items of the catalogue, for users.

        Args:
            user_id: The users.
            item_id: Ids of the items of each candidate of each user.

        Returns:
            `Scores` of `(batch, candidates)`.

        Raises:
            ValueError: If an argument cannot be used.
            ServingError: If the server does not answer.
        """
        users = _inputs.strings("user_id", user_id)
        items, lengths = _inputs.sets("item_id", item_id, 3)
        found = self.predict(
            "score_outfits",
            {"user_id": users, "item_id": items, "length": lengths},
        )
        return _scores(found, lengths)

    def score_outfits_from_embeddings(
        self,
        user_id: Ids,
        item_embedding: np.ndarray,
        length: Counts | Sequence[Sequence[int]],
    ) -> Scores:
        """Scores candidates, made of items embedded before, for users.

        Args:
            user_id: The users.
            item_embedding: float32 `(batch, candidates, slots, dim)`.
            length: The number of items of each candidate
                `(batch, candidates)`.

        Returns:
            `Scores` of `(batch, candidates)`.

        Raises:
            ValueError: If an argument cannot be used.
            ServingError: If the server does not answer.
        """
        items = _inputs.array("item_embedding", item_embedding, np.float32, 4)
        lengths = _inputs.ints("length", length, items.shape[:2])
        found = self.predict(
            "score_outfits_from_embeddings",
            {
                "user_id": _inputs.strings("user_id", user_id),
                "item_embedding": items,
                "length": lengths,
            },
        )
        return _scores(found, lengths)

    def recommend(self, user_id: Ids, k: Counts) -> Recommendations:
        """The best outfits of the export's index for users.

        Args:
            user_id: The users.
            k: How many, for all or for each.

        Returns:
            `Recommendations`.

        Raises:
            ValueError: If an argument cannot be used.
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
        """The best outfits for users, some left out.

        Args:
            user_id: The users.
            k: How many, for all or for each.
            exclude_outfit_id: Outfits to leave out, for each user.
            category: Categories that all items of an outfit should be of, for
                each user; none means any.

        Returns:
            `Recommendations`.

        Raises:
            ValueError: If an argument cannot be used.
            ServingError: If the server does not answer.
        """
        inputs = _users_and_k(user_id, k)
        for name, given in (
            ("exclude_outfit_id", exclude_outfit_id),
            ("category", category),
        ):
            value = [[""]] * len(inputs["k"]) if given is None else given
            inputs[name], lengths = _inputs.sets(name, value)
            inputs[f"{name.removesuffix('_outfit_id')}_length"] = lengths
        return self._recommendations("recommend_filtered", inputs)

    def recommend_for_likes(
        self, liked_outfit_id: Sequence[Ids] | np.ndarray, k: Counts
    ) -> LikeRecommendations:
        """The best outfits for who likes others, known as a user or not.

        Args:
            liked_outfit_id: Outfits that each likes.
            k: How many, for all or for each.

        Returns:
            `LikeRecommendations`.

        Raises:
            ValueError: If an argument cannot be used.
            ServingError: If the server does not answer.
        """
        liked, lengths = _inputs.sets("liked_outfit_id", liked_outfit_id)
        counts = _inputs.ints("k", k, lengths.shape)
        found = self.predict(
            "recommend_for_likes",
            {"liked_outfit_id": liked, "length": lengths, "k": counts},
        )
        most = counts.max(initial=0)
        return LikeRecommendations(
            _columns(found["outfit_id"], most),
            _columns(found["score"], most),
            found["valid"],
        )

    def complete(
        self,
        user_id: Ids,
        item_id: Sequence[Ids] | np.ndarray,
        k: Counts,
        *,
        category: Ids | None = None,
    ) -> Completions:
        """The best items of the catalogue to complete outfits with.

        Args:
            user_id: The users.
            item_id: Ids of the items of each partial outfit.
            k: How many, for all or for each.
            category: Category of the wanted item for each outfit, "" for
                any; any for all by default.

        Returns:
            `Completions`.

        Raises:
            ValueError: If an argument cannot be used.
            ServingError: If the server does not answer.
        """
        inputs = _users_and_k(user_id, k)
        inputs["item_id"], inputs["length"] = _inputs.sets("item_id", item_id)
        wanted = [""] * len(inputs["k"]) if category is None else category
        inputs["category"] = _inputs.strings("category", wanted)
        found = self.predict("complete", inputs)
        most = inputs["k"].max(initial=0)
        return Completions(
            _columns(found["item_id"], most),
            _columns(found["score"], most),
            found["valid"],
            found["known"],
        )

    def predict(
        self, signature: str, inputs: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Calls any signature.

        Args:
            signature: Its name.
            inputs: An array for each input; strings and bytes as objects.

        Returns:
            The outputs by name. With REST, an output that is the only one is
            named "outputs", as its name is not sent.

        Raises:
            ServingError: If the server does not answer.
        """
        return _retry.call(
            lambda left: self._transport.predict(signature, inputs, left),
            self._timeout,
            self._retries,
        )

    def status(self) -> dict[int, str]:
        """State of each version, such as "AVAILABLE".

        Returns:
            The states by number of version.

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
        found = self.predict(signature, inputs)
        vectors = found["embedding"]
        return Embeddings(_columns(vectors, vectors.shape[-1]), found["valid"])

    def _recommendations(
        self, signature: str, inputs: dict[str, np.ndarray]
    ) -> Recommendations:
        found = self.predict(signature, inputs)
        most = inputs["k"].max(initial=0)
        return Recommendations(
            _columns(found["outfit_id"], most),
            _columns(found["score"], most),
            found["known"],
        )


def _users_and_k(user_id: Ids, k: Counts) -> dict[str, np.ndarray]:
    users = _inputs.strings("user_id", user_id)
    return {"user_id": users, "k": _inputs.ints("k", k, users.shape)}


def _scores(found: Mapping[str, np.ndarray], lengths: np.ndarray) -> Scores:
    count = lengths.shape[1]
    return Scores(
        _columns(found["score"], count),
        _columns(found["valid"], count),
        found["known"],
    )


def _columns(value: np.ndarray, count: int) -> np.ndarray:
    """The columns asked for: TF Serving may add some when it batches."""
    # JSON does not say how many axes an empty list stands for.
    wide = value if value.ndim > 1 else value.reshape(len(value), 0)
    return wide[:, :count]
