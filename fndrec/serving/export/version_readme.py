"""The README of an exported version, for its callers."""

from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf

from fndrec.serving.export.request_json import request_json
from fndrec.serving.export.signatures import Signature

# Longer requests are not shown on the page, only written to their files.
MAX_SHOWN = 1500

HEAD = """\
# {model_name}

The signatures of this model. In shapes, B is the batch, dimension 0 of every
input and output, C the number of candidates and S the number of cells of a set.
Ids are strings. Sets of different sizes are padded with arbitrary values, and
`length` is the number of cells that count; empty ids never count. Each set
needs at least one cell. A server that batches requests may return more columns
than were requested: take the first ones. A missing score is the lowest float32,
-3.4028235e38.

To send an example from the folder of this page, with `PORT` as TF Serving's
REST port:

```bash
curl -d @examples/NAME.json http://localhost:PORT/v1/models/{model_name}:predict
```
"""


def write_version_readme(
    folder: Path, model_name: str, signatures: Sequence[Signature]
) -> None:
    """Writes `README.md` and `examples/<signature>.json`.

    Args:
        folder: The folder `assets.extra` of a version.
        model_name: Name of the model on the server.
        signatures: The signatures.

    Example:

    >>> write_version_readme(extra, "fndrec", signatures)
    """
    parts = [HEAD.format(model_name=model_name)]
    examples = folder / "examples"
    examples.mkdir()
    for signature in signatures:
        request = request_json(signature.name, signature.example(1))
        (examples / f"{signature.name}.json").write_text(
            request + "\n", encoding="utf-8"
        )
        parts.append(_section(signature, request))
    (folder / "README.md").write_text("\n".join(parts), encoding="utf-8")


def _section(signature: Signature, request: str) -> str:
    lines = [f"## {signature.name}", "", signature.description, ""]
    lines += ["| input | |", "| --- | --- |"]
    for name, spec in signature.inputs.items():
        lines.append(f"| `{name}` | {spec.dtype.name} {_axes(name, spec)} |")
    lines += ["", "| output | |", "| --- | --- |"]
    lines += [
        f"| `{name}` | {text} |" for name, text in signature.outputs.items()
    ]
    lines += ["", f"Example: `examples/{signature.name}.json`", ""]
    if len(request) <= MAX_SHOWN:
        lines += ["```json", request, "```", ""]
    return "\n".join(lines)


def _axes(name: str, spec: tf.TensorSpec) -> str:
    """Formats the shape of an input, with letters for its open axes."""
    letters = {1: "B", 2: "BC" if name == "length" else "BS", 3: "BCS"}
    sizes = spec.shape.as_list()
    names = letters[sizes.count(None)]
    fixed = [str(size) for size in sizes if size is not None]
    return f"[{', '.join([*names, *fixed])}]"
