"""Tunes a teacher by Optuna, and tells what the best is worth on test.

DATA_DIR is a folder of tables, see docs/start/data.md. Settings are compared on
valid; those that trail after some epochs are stopped. The best is trained
again with other seeds: the best of many trials is lucky as well as good.
Needs `pip install optuna`.

    python examples/tuning.py my_shop --trials 20
"""

import argparse
from pathlib import Path
from typing import Any

import keras
import numpy as np
import optuna

import fndrec


def main() -> None:
    """Runs the example."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data_dir", type=Path, metavar="DATA_DIR")
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--image-size", type=int, default=64)
    parser.add_argument("--seeds", type=int, default=3, help="of the best")
    parser.add_argument(
        "--storage", help="such as sqlite:///trials.db, to go on another time"
    )
    args = parser.parse_args()

    data = fndrec.load_data(args.data_dir)
    if data.photos is not None:
        data = data.with_photos(args.image_size)

    def objective(trial: optuna.Trial) -> float:
        settings = {
            "dim": trial.suggest_categorical("dim", [32, 64]),
            "temperature": trial.suggest_float(
                "temperature", 0.05, 0.4, log=True
            ),
            "learning_rate": trial.suggest_float(
                "learning_rate", 5e-4, 1e-2, log=True
            ),
            "weight_decay": trial.suggest_float(
                "weight_decay", 1e-3, 0.3, log=True
            ),
        }
        return train(data, settings, args.epochs, 0, trial)[1]

    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=0),
        pruner=optuna.pruners.MedianPruner(
            n_startup_trials=4, n_warmup_steps=args.epochs // 3
        ),
        study_name="teacher",
        storage=args.storage,
        load_if_exists=True,
    )
    study.optimize(objective, n_trials=args.trials)
    print(f"The best on valid: {study.best_value:.4f} with {study.best_params}")

    found = []
    for seed in range(1, args.seeds + 1):
        model, _ = train(data, study.best_params, args.epochs, seed)
        split = "test" if "test" in data.splits else "valid"
        result = fndrec.evaluate(model, data, split, baselines=seed == 1)
        print(result)
        found.append(result.metrics["model"]["auc"])
    mean, spread = np.mean(found), np.std(found)
    print(f"AUC on {split}: {mean:.4f}, deviation of seeds {spread:.4f}")


def train(
    data: fndrec.OutfitData,
    settings: dict[str, Any],
    epochs: int,
    seed: int,
    trial: optuna.Trial | None = None,
) -> tuple[fndrec.FNDTeacher, float]:
    """A model with the weights of its best epoch, and that epoch's AUC."""
    keras.utils.set_random_seed(seed)
    model = fndrec.FNDTeacher.from_data(
        data,
        dim=settings["dim"],
        temperature=settings["temperature"],
        seed=seed,
    )
    model.compile(
        keras.optimizers.AdamW(
            settings["learning_rate"], weight_decay=settings["weight_decay"]
        )
    )
    stop = keras.callbacks.EarlyStopping(
        "val_auc", mode="max", patience=4, restore_best_weights=True
    )
    callbacks = [fndrec.Validation(data), stop]
    if trial is not None:
        callbacks.append(Prune(trial))
    history = model.fit(
        data.batches("train", seed=seed),
        epochs=epochs,
        callbacks=callbacks,
        verbose=0,
    ).history
    return model, max(history["val_auc"])


class Prune(keras.callbacks.Callback):
    """Tells a trial of each epoch, and ends it where it trails."""

    def __init__(self, trial: optuna.Trial) -> None:
        super().__init__()
        self.trial = trial

    def on_epoch_end(
        self, epoch: int, logs: dict[str, Any] | None = None
    ) -> None:
        """Called by Keras."""
        self.trial.report((logs or {})["val_auc"], epoch)
        if self.trial.should_prune():
            raise optuna.TrialPruned


if __name__ == "__main__":
    main()
