"""Exports a model, serves it, and asks it as a shop would.

Without a model it trains a small one on a generated shop first. Everything
that is asked goes over the network, to a server that is another process and
has neither fndrec's models nor Keras. Needs `pip install '.[serving]'`.

    python examples/serving.py --out serving
    python examples/serving.py --out serving --model teacher --data my_shop
"""

import argparse
import json
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import keras

import fndrec


def main() -> None:
    """Runs the example."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("serving"))
    parser.add_argument("--model", type=Path, help="of `fndrec train`")
    parser.add_argument("--data", type=Path, help="that it was trained on")
    parser.add_argument("--image-size", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=8)
    args = parser.parse_args()
    if (args.model is None) != (args.data is None):
        parser.error("--model and --data go together")

    if args.data is None:
        shop = fndrec.SyntheticShop.generate(args.out / "shop", num_users=40)
        data = shop.data.with_photos(args.image_size)
        model = small_model(data, args.epochs)
    else:
        data = fndrec.load_data(args.data)
        if data.photos is not None:
            data = data.with_photos(args.image_size)
        model = fndrec.load_model(args.model / "model.keras")
    version = fndrec.export(model, args.out / "export", data=data)
    print(f"The SavedModel is {version}")

    rest, grpc = free_port(), free_port()
    command = [sys.executable, "-m", "fndrec", "serve"]
    command += [str(args.out / "export"), "--port", str(rest)]
    server = subprocess.Popen([*command, "--grpc-port", str(grpc)])  # noqa: S603
    try:
        # Tries again until the server is there.
        client = fndrec.serving.Client(
            f"localhost:{grpc}", timeout=300, retries=200
        )
        ask(client, data)
        ask_by_rest(rest, data)
    finally:
        server.terminate()
        server.wait(120)


def small_model(data: fndrec.OutfitData, epochs: int) -> fndrec.FNDTeacher:
    """A model of the generated shop."""
    keras.utils.set_random_seed(0)
    model = fndrec.FNDTeacher.from_data(data, dim=32, width=0.1)
    model.compile(keras.optimizers.AdamW(3e-3))
    model.fit(data.batches("train"), epochs=epochs, verbose=2)
    return model


def ask(client: Any, data: fndrec.OutfitData) -> None:
    """What fndrec's client can be asked."""
    user = data.users[0]
    found = client.recommend([user, "someone new"], k=3)
    for who, known, outfits in zip(
        (user, "someone new"), found.known, found.outfit_id, strict=True
    ):
        print(f"recommend: {who}, known {bool(known)}: {outfits.tolist()}")

    liked = data.outfits.take([0, 1])
    found = client.recommend_for_likes([liked], k=3)
    print(f"recommend_for_likes: {liked}: {found.outfit_id[0].tolist()}")

    outfit = data.outfit_item_ids(0)
    found = client.complete([user], [outfit[:-1]], k=3)
    print(f"complete: {outfit[:-1]} with one of {found.item_id[0].tolist()}")

    outfits = [data.outfit_item_ids(row) for row in range(3)]
    found = client.score_outfits([user], [outfits])
    print(f"score_outfits: {[round(float(x), 2) for x in found.score[0]]}")


def ask_by_rest(port: int, data: fndrec.OutfitData) -> None:
    """The same without any library: REST, as of TensorFlow Serving."""
    request = urllib.request.Request(
        f"http://localhost:{port}/v1/models/fndrec:predict",
        json.dumps(
            {
                "signature_name": "recommend",
                "instances": [{"user_id": data.users[0], "k": 3}],
            }
        ).encode(),
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        (found,) = json.load(answer)["predictions"]
    print(f"by REST: {found['outfit_id']}")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("localhost", 0))
        return int(one.getsockname()[1])


if __name__ == "__main__":
    main()
