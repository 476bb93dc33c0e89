"""The client, against a server of a real export."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hand_made import write
from signature_calls import call, item_inputs
from tls_proxy import TlsProxy

from fndrec.data import OutfitData
from fndrec.serving import Client, Server, ServingError

Protocol = Literal["grpc", "rest"]
USERS = ["user3", "nobody", "user0"]
OUTFITS = [["item4", "item9"], ["item7"], ["item1", "item2", "item3"]]
LENGTHS = np.array([2, 1, 3], np.int32)
CANDIDATES = [
    [["item4", "item9"], ["item7"]],
    [["item1"]],
    [["item1", "no such item"], []],
]


@pytest.fixture
def server(server_of_export: Server) -> Server:
    return server_of_export


@pytest.fixture(params=["grpc", "rest"])
def protocol(request: pytest.FixtureRequest) -> Protocol:
    return request.param


@pytest.fixture
def client(server: Server, protocol: Protocol) -> Iterator[Client]:
    with Client(address(server, protocol), protocol) as client:
        yield client


def address(server: Server, protocol: Protocol) -> str:
    port = server.grpc_port if protocol == "grpc" else server.port
    return f"127.0.0.1:{port}"


def text(value: Any) -> np.ndarray:
    return np.array(value, object)


def check(found: Any, expected: dict[str, np.ndarray]) -> None:
    """An answer is the arrays that the SavedModel gives, and of their types."""
    assert set(found._fields) == set(expected)
    for name, value in expected.items():
        one = getattr(found, name)
        assert one.shape == value.shape, name
        if value.dtype == object:
            assert one.dtype.kind == "U"
            assert one.tolist() == value.astype(str).tolist()
        else:
            assert one.dtype == value.dtype, name
            np.testing.assert_allclose(one, value, rtol=1e-6, err_msg=name)


def test_recommend(client: Client, loaded: Any) -> None:
    expected = call(
        loaded.signatures["recommend"],
        user_id=text(USERS),
        k=np.array([4, 2, 0]),
    )
    check(client.recommend(USERS, [4, 2, 0]), expected)
    check(client.recommend(np.array(USERS), np.array([4, 2, 0])), expected)
    same = client.recommend(USERS, 2)
    np.testing.assert_array_equal(
        same.outfit_id[:2], expected["outfit_id"][:2, :2].astype(str)
    )


def test_recommend_filtered(client: Client, loaded: Any) -> None:
    found = client.recommend_filtered(
        USERS,
        5,
        exclude_outfit_id=[["outfit1", "outfit2"], [], ["outfit3"]],
        category=[["hat", "top"], ["shoe"], []],
    )
    check(
        found,
        call(
            loaded.signatures["recommend_filtered"],
            user_id=text(USERS),
            k=np.array([5, 5, 5]),
            exclude_outfit_id=text(
                [["outfit1", "outfit2"], ["", ""], ["outfit3", ""]]
            ),
            exclude_length=np.array([2, 0, 1]),
            category=text([["hat", "top"], ["shoe", ""], ["", ""]]),
            category_length=np.array([2, 1, 0]),
        ),
    )
    plain = client.recommend(USERS, 5)
    for one, two in zip(
        client.recommend_filtered(USERS, 5), plain, strict=True
    ):
        np.testing.assert_array_equal(one, two)


def test_recommend_for_likes(client: Client, loaded: Any) -> None:
    expected = call(
        loaded.signatures["recommend_for_likes"],
        liked_outfit_id=text([["outfit1", "outfit2"], ["", ""]]),
        length=np.array([2, 0]),
        k=np.array([3, 1]),
    )
    liked = [["outfit1", "outfit2"], []]
    check(client.recommend_for_likes(liked, [3, 1]), expected)


def test_complete(client: Client, loaded: Any) -> None:
    expected = call(
        loaded.signatures["complete"],
        user_id=text(USERS),
        item_id=text([["item3", "item5"], ["item1", ""], ["", ""]]),
        length=np.array([2, 1, 0]),
        category=text(["hat", "", "shoe"]),
        k=np.array([4, 2, 0]),
    )
    partial = [["item3", "item5"], ["item1"], []]
    category = ["hat", "", "shoe"]
    found = client.complete(USERS, partial, [4, 2, 0], category=category)
    check(found, expected)
    for one, two in zip(
        client.complete(USERS, partial, 3),
        client.complete(USERS, partial, 3, category=[""] * 3),
        strict=True,
    ):
        np.testing.assert_array_equal(one, two)


def test_embed_items(
    client: Client, loaded: Any, tiny_photo_data: OutfitData
) -> None:
    inputs = item_inputs(tiny_photo_data, np.array([3, 8, 5]))
    inputs["image_bytes"][1] = b"\xff no photo"
    expected = call(
        loaded.signatures["embed_items"],
        **{k: text(v) if k != "feature" else v for k, v in inputs.items()},
    )
    assert expected["valid"].tolist() == [True, False, True]
    check(client.embed_items(**inputs), expected)


def test_embed_outfits(client: Client, loaded: Any) -> None:
    expected = call(
        loaded.signatures["embed_outfits"],
        item_id=text(
            [
                ["item4", "item9", ""],
                ["item7", "", ""],
                ["item1", "item2", "item3"],
            ]
        ),
        length=LENGTHS,
    )
    check(client.embed_outfits(OUTFITS), expected)


def test_from_embeddings(client: Client, loaded: Any) -> None:
    rng = np.random.default_rng(0)
    items = rng.normal(size=(3, 2, 3, 8)).astype("float32")
    lengths = np.array([[1, 2], [3, 0], [2, 2]])
    check(
        client.embed_outfits_from_embeddings(items[:, 0], LENGTHS),
        call(
            loaded.signatures["embed_outfits_from_embeddings"],
            item_embedding=items[:, 0],
            length=LENGTHS,
        ),
    )
    check(
        client.score_outfits_from_embeddings(USERS, items, lengths),
        call(
            loaded.signatures["score_outfits_from_embeddings"],
            user_id=text(USERS),
            item_embedding=items,
            length=lengths,
        ),
    )


def test_score_outfits(client: Client, loaded: Any) -> None:
    ids = np.full((3, 2, 2), "", object)
    lengths = np.zeros((3, 2), np.int32)
    for i, row in enumerate(CANDIDATES):
        for j, names in enumerate(row):
            ids[i, j, : len(names)] = names
            lengths[i, j] = len(names)
    expected = call(
        loaded.signatures["score_outfits"],
        user_id=text(USERS),
        item_id=ids,
        length=lengths,
    )
    assert expected["valid"].tolist() == [[1, 1], [1, 0], [0, 0]]
    check(client.score_outfits(USERS, CANDIDATES), expected)


def test_score_photos(
    client: Client, loaded: Any, tiny_photo_data: OutfitData
) -> None:
    rows = np.array([3, 8, 5], np.int32)
    content = tiny_photo_data.content(rows)
    named = item_inputs(tiny_photo_data, rows)
    inputs: dict[str, Any] = {
        "image": np.asarray(content["image"])[:, None],
        "feature": np.asarray(content["feature"])[:, None],
        "category": [[name] for name in named["category"]],
        "item_id": [[name] for name in named["item_id"]],
    }
    given = {
        name: text(value) if isinstance(value, list) else value
        for name, value in inputs.items()
    }
    lengths = np.ones(3, np.int32)
    check(
        client.score_photos(USERS, [1, 1, 1], **inputs),
        call(
            loaded.signatures["serving_default"],
            user_id=text(USERS),
            length=lengths,
            **given,
        ),
    )


def test_an_empty_batch(server: Server, protocol: Protocol) -> None:
    with Client(address(server, protocol), protocol) as client:
        found = client.recommend([], [])
        assert found.outfit_id.shape == found.score.shape == (0, 0)
        assert found.known.shape == (0,)
        assert found.known.dtype == bool
        if protocol == "grpc":
            assert client.embed_outfits([]).embedding.shape == (0, 8)
        else:
            with pytest.raises(ValueError, match=r"`item_id`.*protocol='grpc'"):
                client.embed_outfits([])


def test_status_and_a_version(server: Server, protocol: Protocol) -> None:
    where = address(server, protocol)
    with (
        Client(where, protocol, version=1) as one,
        Client(where, protocol, version=9) as nine,
    ):
        assert one.status() == {1: "AVAILABLE"}
        assert one.recommend(USERS, 1).score.shape == (3, 1)
        for ask in (nine.status, lambda: nine.recommend(USERS, 1)):
            with pytest.raises(ServingError, match="version 9") as raised:
                ask()
            assert raised.value.code == "NOT_FOUND"


def test_what_the_server_refuses(client: Client) -> None:
    with pytest.raises(ServingError) as raised:
        client.predict("no_such", {})
    assert raised.value.code == "INVALID_ARGUMENT"
    assert "'no_such'" in raised.value.message
    with pytest.raises(ServingError, match="image_bytes") as raised:
        client.embed_items(category=["top"])
    assert raised.value.code == "INVALID_ARGUMENT"


def test_another_model(server: Server, protocol: Protocol) -> None:
    where = address(server, protocol)
    with (
        Client(where, protocol, model="other") as client,
        pytest.raises(ServingError, match="'other'") as raised,
    ):
        client.recommend(USERS, 1)
    assert raised.value.code == "NOT_FOUND"


def test_limits_of_messages(server: Server, protocol: Protocol) -> None:
    with Client(
        address(server, protocol), protocol, max_message_bytes=2000
    ) as client:
        assert client.recommend(USERS, 1).score.shape == (3, 1)
        # What is sent, and what comes back.
        for users, k in ((["x" * 2000], 1), (["user1"] * 20, 60)):
            with pytest.raises(ServingError) as raised:
                client.recommend(users, k)
            assert raised.value.code == "RESOURCE_EXHAUSTED"


def test_many_threads_share_a_client(client: Client) -> None:
    expected = [client.recommend(USERS, k).score for k in range(1, 9)]
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(lambda k: client.recommend(USERS, k), range(1, 9))
        for one, two in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one.score, two)


def test_more_columns_than_asked_for_are_left_out(
    tmp_path: Path, protocol: Protocol
) -> None:
    write(tmp_path / "1")
    with (
        Server(tmp_path, port=0, grpc_port=0) as server,
        Client(address(server, protocol), protocol) as client,
    ):
        found = client.recommend(["anna", "eva"], [1, 2])
        assert found.outfit_id.tolist() == [["o0", "o1"]] * 2
        assert found.score.tolist() == [[4.0, 3.0], [3.0, 2.0]]


@pytest.mark.parametrize("ask_client", [False, True])
def test_tls(
    server: Server, protocol: Protocol, tmp_path: Path, ask_client: bool
) -> None:
    port = int(address(server, protocol).rpartition(":")[2])
    with TlsProxy(port, tmp_path, ask_client) as proxy:
        arguments: dict[str, Any] = {"protocol": protocol, "tls": True}
        arguments["root_certificates"] = tmp_path / "ca.pem"
        own: dict[str, Any] = {
            "certificate": tmp_path / "client.pem",
            "private_key": str(tmp_path / "client.key"),
        }
        where = f"localhost:{proxy.port}"
        with Client(where, **arguments, **own) as client:
            assert client.recommend(USERS, 2).score.shape == (3, 2)
        # Who is not trusted, on either side, gets no answer.
        if not ask_client:
            del arguments["root_certificates"]
        with (
            Client(where, **arguments, retries=0) as client,
            pytest.raises(ServingError) as raised,
        ):
            client.recommend(USERS, 2)
        assert raised.value.code in ("UNAVAILABLE", "UNAUTHENTICATED")


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ({"address": "localhost"}, "`address` .*'localhost'"),
        ({"address": "http://localhost:8500"}, "`address` .*http"),
        ({"address": "localhost:x"}, "`address` .*'localhost:x'"),
        ({"protocol": "soap"}, "`protocol` .*'soap'"),
        ({"version": 0}, "`version` .*version=0"),
        ({"timeout": 0}, "`timeout` .*timeout=0"),
        ({"timeout": float("nan")}, "`timeout` .*timeout=nan"),
        ({"retries": -1}, "`retries` .*retries=-1"),
        ({"max_message_bytes": 0}, "`max_message_bytes` .*=0"),
        ({"root_certificates": __file__}, "`root_certificates` .*tls=False"),
        (
            {"tls": True, "root_certificates": "no/such.pem"},
            "`root_certificates` .*no/such.pem",
        ),
        (
            {"tls": True, "certificate": __file__},
            "`certificate` and `private_key` .*private_key=None",
        ),
    ],
    ids=lambda value: "" if isinstance(value, str) else None,
)
def test_arguments(argument: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Client(**{"address": "localhost:8500", **argument})


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda c: c.recommend("user1", 1), "`user_id` .*list.*'user1'"),
        (lambda c: c.recommend([1], 1), "`user_id` .*strings. Received: 1"),
        (lambda c: c.recommend([["u"]], 1), r"`user_id` .*\['u'\]"),
        (lambda c: c.recommend(["u"], 1.5), "`k` .*integers. Received: 1.5"),
        (lambda c: c.recommend(["u"], -1), "`k` .*from 0 to.*-1"),
        (lambda c: c.recommend(["u"], 2**31), "`k` .*from 0 to.*2147483648"),
        (lambda c: c.recommend(["u"], [1, 2]), r"`k` .*\(1,\).*\(2,\)"),
        (lambda c: c.embed_outfits(["item1"]), "`item_id` .*'item1'"),
        (lambda c: c.score_outfits(["u"], [["i"]]), "`item_id` .*'i'"),
        (lambda c: c.embed_items(["photo"]), "`image_bytes` .*'photo'"),
        (
            lambda c: c.embed_items(feature=np.zeros(3)),
            r"`feature` .*2 axes. Received: shape=\(3,\)",
        ),
        (
            lambda c: c.embed_items(feature=[["a"]]),
            "`feature` .*float32. Received: <U1",
        ),
        (
            lambda c: c.score_photos(["u"], [1], image=np.zeros((1,) * 5)),
            "`image` .*uint8. Received: float64",
        ),
        (
            lambda c: c.embed_outfits_from_embeddings(np.zeros((2, 3, 4)), [1]),
            r"`length` .*\(2,\).*\(1,\)",
        ),
    ],
)
def test_inputs_are_checked_before_anything_is_sent(
    ask: Callable[[Client], Any], words: str
) -> None:
    # Nobody listens there.
    with (
        Client("localhost:1", retries=0) as client,
        pytest.raises((TypeError, ValueError), match=words),
    ):
        ask(client)


def test_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    import fndrec

    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name: None if name == "grpc" else find(name),
    )
    for name in ("Client", "Server"):
        with pytest.raises(
            ModuleNotFoundError, match=rf"{name} needs grpc.*'\.\[serving\]'"
        ):
            getattr(fndrec.serving, name)
    with pytest.raises(AttributeError, match="no_such"):
        fndrec.serving.no_such  # noqa: B018
