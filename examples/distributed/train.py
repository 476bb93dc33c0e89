"""Train a teacher on one machine or on many.

The same program in each process. With `TF_CONFIG` in its environment it is
one of several workers, see `launch.sh`, `slurm.sbatch` and `kubernetes.yaml`;
without, it trains on all GPUs of this machine, or on its CPU. Killed at any
moment and started again, it goes on from the last whole epoch.

    python examples/distributed/train.py shop --out run --epochs 20
"""

import argparse
import os
from pathlib import Path

import keras
import tensorflow as tf

import fndrec


def main() -> None:
    """Runs the example."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("shop", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--image-size", type=int, default=64)
    args = parser.parse_args()

    # First of all, as workers have to find each other before any work.
    strategy = (
        tf.distribute.MultiWorkerMirroredStrategy()
        if "TF_CONFIG" in os.environ
        else tf.distribute.MirroredStrategy()
    )
    keras.utils.set_random_seed(0)
    # Photos are decoded once: the others wait for the first to finish.
    data = fndrec.load_data(args.shop).with_photos(args.image_size)
    with strategy.scope():
        teacher = fndrec.FNDTeacher.from_data(data)
        teacher.compile(keras.optimizers.AdamW(1e-3))

    backup = fndrec.callbacks.ChiefBackup(args.out / "backup", strategy)
    batches = fndrec.distribute(
        data,
        "train",
        args.batch_size,
        strategy,
        first_pass=backup.epoch,
    )
    chief = fndrec.distributed.is_chief(strategy)
    print(f"Training goes on from epoch {backup.epoch}", flush=True)
    teacher.fit(
        batches,
        epochs=args.epochs,
        initial_epoch=backup.initial_epoch(args.epochs),
        callbacks=[backup, fndrec.Validation(data)],
        verbose=2 if chief else 0,
    )
    if chief:
        teacher.save(args.out / "model.keras")
        print(f"The model is in {args.out}", flush=True)


if __name__ == "__main__":
    main()
