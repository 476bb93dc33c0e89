"""Configuration files and start scripts for TF Serving."""

from pathlib import Path

from fndrec.files import atomic_write
from fndrec.serving.export.warmup import BATCHES

MODEL_NAME = "fndrec"
IMAGES = {"cpu": "tensorflow/serving", "gpu": "tensorflow/serving:latest-gpu"}

MODELS = f"""\
# For TF Serving's --model_config_file. The newest version is served; to serve
# older ones too, see model_version_policy.
model_config_list {{
  config {{
    name: "{MODEL_NAME}"
    base_path: "/models/{MODEL_NAME}"
    model_platform: "tensorflow"
  }}
}}
"""

BATCHING = """\
# For TF Serving's --batching_parameters_file, with --enable_batching.
# Rows per batch, at most; larger requests are refused.
max_batch_size { value: %(most)d }
# Time that a request waits for others.
batch_timeout_micros { value: 1000 }
# Batches that may wait; further requests are refused as UNAVAILABLE.
max_enqueued_batches { value: 100 }
# Batches processed in parallel: about the number of cores, or 1 to 2 for a GPU.
num_batch_threads { value: 4 }
# Batches are padded to one of these sizes, which have warm-up records.
%(sizes)s
# Sets of different sizes may share a batch: each signature takes the lengths.
pad_variable_length_inputs: true
"""

MONITORING = """\
# For TF Serving's --monitoring_config_file. Prometheus metrics are served on
# the REST port.
prometheus_config {
  enable: true
  path: "/monitoring/prometheus/metrics"
}
"""

RUN = """\
#!/bin/sh
# Serves the models of this folder: gRPC on port 8500, REST on port 8501.
here=$(cd "$(dirname "$0")" && pwd)
exec docker run --rm%(gpus)s -p 8500:8500 -p 8501:8501 \\
  -v "$here:/models/%(name)s:ro" %(image)s \\
  --model_config_file=/models/%(name)s/models.config \\
  --monitoring_config_file=/models/%(name)s/monitoring.config \\
  --enable_batching=true \\
  --batching_parameters_file=/models/%(name)s/batching_parameters.txt "$@"
"""


def write_operator_files(folder: Path) -> None:
    """Writes configuration files and `docker run` scripts for TF Serving.

    Existing files are kept, since an operator may have changed them.

    Args:
        folder: The folder of the versions.

    Example:

    >>> write_operator_files(Path("export"))
    """
    sizes = "\n".join(f"allowed_batch_sizes: {size}" for size in BATCHES)
    files = {
        "models.config": MODELS,
        "batching_parameters.txt": BATCHING
        % {"most": max(BATCHES), "sizes": sizes},
        "monitoring.config": MONITORING,
    }
    for kind, image in IMAGES.items():
        files[f"docker_run_{kind}.sh"] = RUN % {
            "gpus": " --gpus all" if kind == "gpu" else "",
            "name": MODEL_NAME,
            "image": image,
        }
    for name, text in files.items():
        path = folder / name
        if path.exists():
            continue
        atomic_write(path, text)
        if path.suffix == ".sh":
            path.chmod(0o755)
