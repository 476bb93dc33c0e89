"""Small data sets in the layouts that are published, for the tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

TOP = "トップス"
SIZES = {"top": 6, "bottom": 4, "shoe": 5}


def photo(path: Path, number: int) -> None:
    """A photo of 12 x 12 pixels; each number has a colour of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    colour = (40 * number % 256, 90 * number % 256, 255 - 20 * number % 256)
    Image.new("RGB", (12, 12), colour).save(path)


def write_lmdb(folder: Path, values: dict[str, bytes]) -> Path:
    import lmdb

    folder.mkdir(parents=True)
    with (
        lmdb.open(str(folder), map_size=2**20) as env,
        env.begin(write=True) as transaction,
    ):
        for key, value in values.items():
            transaction.put(key.encode(), value)
    return folder


def rows(header: str, *lines: str) -> str:
    return "\n".join([header, *lines]) + "\n"


def polyvore_u(root: Path, variant: str = "630") -> Path:
    """Three users: fixed length (630, 53) or variable (519, 32)."""
    folder = root / f"tuples_{variant}"
    folder.mkdir(parents=True)
    for category, size in SIZES.items():
        names = [f"{category}{i:02}.jpg" for i in range(size)]
        (folder / f"image_list_{category}").write_text("\n".join(names) + "\n")
    if variant in ("630", "53"):
        header = "user,top,bottom,shoe"
        liked = {
            "train": ["0,0,0,0", "0,1,1,1", "1,2,2,2", "2,0,0,0"],
            "val": ["0,3,2,3", "1,4,3,4"],
            "test": ["0,5,0,1", "2,1,2,3"],
        }
        other = ["4,1,2", "5,2,0", "3,3,1", "2,0,3"]
        blanks = [
            "0,5,0,1,0,5,1,1,0,5,2,1,0,5,3,1",
            "2,1,2,3,2,1,2,0,2,1,2,1,2,1,2,4",
        ]
    else:
        header = "user,top,top,bottom,shoe"
        liked = {
            "train": ["0,0,1,0,0", "0,1,-1,1,1", "1,2,-1,2,2", "2,0,3,0,0"],
            "val": ["0,3,-1,2,3", "1,4,0,3,4"],
            "test": ["0,5,-1,0,1", "2,1,4,2,3"],
        }
        other = ["4,5,1,2", "5,-1,2,0", "3,2,3,1", "2,-1,0,3"]
        blanks = [
            "0,5,-1,0,1,0,5,-1,1,1,0,5,-1,2,1,0,5,-1,3,1",
            "2,1,4,2,3,2,1,4,2,0,2,1,4,2,1,2,1,4,2,4",
        ]
    for split, lines in liked.items():
        users = [line.split(",", 1)[0] for line in lines]
        negatives = [
            f"{user},{other[(2 * i + j) % 4]}"
            for i, user in enumerate(users)
            for j in range(2)
        ]
        hard = [
            f"{user},{lines[(i + 1) % len(lines)].split(',', 1)[1]}"
            for i, user in enumerate(users)
        ]
        for name, content in (
            ("posi", lines),
            ("nega", negatives),
            ("nega_hard", hard),
        ):
            path = folder / f"tuples_{split}_{name}"
            path.write_text(rows(header, *content))
    path = folder / "fill_in_blank_test"
    path.write_text(rows(",".join([header] * 4), *blanks))
    return folder


def polyvore_u_names() -> list[str]:
    return [
        f"{category}{i:02}.jpg"
        for category, size in SIZES.items()
        for i in range(size)
    ]


def polyvore_u_photos(root: Path) -> Path:
    for number, name in enumerate(polyvore_u_names()):
        photo(root / "images" / "291x291" / name, number)
    return root / "images" / "291x291"


def save_pickled(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, np.array(value, dtype=object), allow_pickle=True)


def difashion(folder: Path, nested: bool = False) -> Path:
    """Two users, ten items, 0 is the blank; four items an outfit."""
    folder.mkdir(parents=True)
    likes = {
        "train.npy": [(7, 70, [1, 2, 3, 4]), (7, 71, [5, 2, 6, 4]),
                      (8, 70, [1, 2, 3, 4])],
        "valid_grd_dict.npy": [(7, 72, [5, 8, 3, 4])],
        "test_grd_dict.npy": [(8, 73, [1, 8, 6, 9])],
    }  # fmt: skip
    category = {iid: 10 + (iid - 1) % 4 for iid in range(1, 11)}
    for name, found in likes.items():
        table: dict[str, list[Any]]
        if nested:
            users = list(dict.fromkeys(uid for uid, _, _ in found))
            mine = [[like for like in found if like[0] == u] for u in users]
            table = {
                "uids": users,
                "oids": [[oid for _, oid, _ in m] for m in mine],
                "outfits": [[items for _, _, items in m] for m in mine],
                "category": [
                    [[category[i] for i in items] for _, _, items in m]
                    for m in mine
                ],
            }
        else:
            table = {
                "uids": [uid for uid, _, _ in found],
                "oids": [oid for _, oid, _ in found],
                "outfits": [items for _, _, items in found],
                "category": [[category[i] for i in i_] for *_, i_ in found],
            }
        save_pickled(folder / name, table)
    names = {10: "top", 11: "skirt", 12: "bag", 13: "women's shoe"}
    save_pickled(folder / "id_cate_dict.npy", names)
    save_pickled(folder / "map" / "iid_cate_dict.npy", category)
    save_pickled(
        folder / "fitb_valid_retrieval_candidates.npy",
        {7: {72: [8, 2, 6, 10, 1]}},
    )
    save_pickled(
        folder / "fitb_test_retrieval_candidates.npy",
        {8: {73: np.array([9, 2, 4, 10, 3])}},
    )
    return folder


def difashion_photos(folder: Path) -> Path:
    names = ["empty_image.png", *(f"top/{iid}.png" for iid in range(1, 11))]
    np.save(folder / "all_item_image_paths.npy", np.array(names))
    for number, name in enumerate(names):
        photo(folder / "photos" / name, number)
    return folder / "photos"


def pog(folder: Path) -> Path:
    """Two users; an item that no outfit has; a title with commas."""
    folder.mkdir(parents=True)
    (folder / "item_data.txt").write_text(
        'i1,c1,http://img/1.jpg,dress, red, "new\n'
        "i2,c2,http://img/2.jpg,鞋\n"
        "unused,c9,http://img/9.jpg,hat\n"
        "i3,c1,http://img/3.jpg,\n"
        "i4,c3,http://img/4.jpg,bag\n",
        encoding="utf-8",
    )
    (folder / "outfit_data.txt").write_text(
        "o1,i1;i2;i4\no2,i3;i2\no3,i1;i3;i2;i4\n"
    )
    (folder / "user_data.txt").write_text(
        "u1,i1;unused,o1\nu1,i2,o2\nu2,i1;i1;i4,o3\nu1,i4,o1\nu2,,o1\n"
    )
    return folder


def iqon3000(folder: Path) -> Path:
    """Two users with three outfits each; items shared among outfits."""
    items = {
        1: f"{TOP} \u00d7 ホワイト系",
        2: "スカート \u00d7 ブラック系",
        3: "パンプス \u00d7 ブラック系",
        4: "バッグ \u00d7 レッド系",
        5: f"{TOP} \u00d7 ブルー系",
    }
    for user, set_id, ids in [
        (11, 100, [1, 2, 3]),
        (11, 101, [5, 2, 3, 4]),
        (11, 102, [1, 4]),
        (12, 200, [5, 3]),
        (12, 201, [1, 2, 4]),
        (12, 202, [5, 2, 3]),
    ]:
        place = folder / str(user) / str(set_id)
        place.mkdir(parents=True)
        outfit = {
            "setId": str(set_id),
            "setUrl": f"http://www.iqon.jp/sets/{set_id}/",
            "likeCount": "12",
            "user": str(user),
            "items": [
                {
                    "imgUrl": f"//img.iqon.jp/items/{i}/{i}_m.jpg",
                    "price": "1,000",
                    "category x color": items[i],
                    "itemId": str(i),
                    "itemName": "名前",
                    "itemUrl": f"http://item.iqon.jp/{i}/",
                    "breadcrumb": [],
                    "brands": [],
                    "categorys": [],
                    "options": [],
                    "colors": [],
                    "expressions": [],
                }
                for i in ids
            ],
        }
        (place / f"{set_id}.json").write_text(
            json.dumps(outfit, ensure_ascii=False), encoding="utf-8"
        )
        for i in ids:
            photo(place / f"{i}_m.jpg", i)
    return folder


def polyvore_outfits(
    folder: Path, photos: bool = False, variant: str = "nondisjoint"
) -> Path:
    """Outfits of two and three of nine items."""
    here = folder / variant
    here.mkdir(parents=True)
    outfits = {
        "train": {"100": [1, 2, 3], "101": [4, 5]},
        "valid": {"200": [6, 2, 8], "201": [4, 8]},
        "test": {"300": [1, 5, 9], "301": [7, 2]},
    }
    kinds = ("tops", "bottoms", "shoes")
    metadata = {
        str(i): {
            "url_name": f"item {i}",
            "description": "",
            "catgeories": ["Women's Fashion"],
            "title": f"Item {i}",
            "related": [],
            "category_id": str(20 + i % 3),
            "semantic_category": kinds[(i - 1) % 3],
        }
        for i in range(1, 11)
    }
    (folder / "polyvore_item_metadata.json").write_text(json.dumps(metadata))
    for split, sets in outfits.items():
        table = [
            {
                "items": [
                    {"item_id": str(item), "index": index + 1}
                    for index, item in enumerate(items)
                ],
                "set_id": set_id,
            }
            for set_id, items in sets.items()
        ]
        (here / f"{split}.json").write_text(json.dumps(table))
        lines = []
        for label, turned in ((1, False), (0, True)):
            for set_id, items in sets.items():
                others = [s for s in sets if s != set_id]
                tokens = [f"{set_id}_{i + 1}" for i in range(len(items))]
                if turned:
                    tokens[-1] = f"{others[0]}_1"
                lines.append(f"{label} {' '.join(tokens)}\n")
        (here / f"compatibility_{split}.txt").write_text("".join(lines))
        first, second = sets
        questions = [
            {
                "question": [f"{first}_1", f"{first}_3"],
                "blank_position": 2,
                "answers": [
                    f"{second}_2",
                    f"{first}_2",
                    f"{second}_1",
                    "300_1" if split == "train" else "100_1",
                ],
            }
        ]  # fmt: skip
        (here / f"fill_in_blank_{split}.json").write_text(json.dumps(questions))
    if photos:
        for i in range(1, 11):
            photo(folder / "images" / f"{i}.jpg", i)
    return folder
