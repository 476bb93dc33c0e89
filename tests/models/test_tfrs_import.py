import os
import subprocess
import sys

import keras
import tensorflow as tf
import tensorflow_recommenders as tfrs

from fndrec.models import FNDStudent, FNDTeacher, OutfitRecommender


def test_models_are_those_of_tensorflow_recommenders() -> None:
    for cls in (OutfitRecommender, FNDTeacher, FNDStudent):
        assert issubclass(cls, tfrs.Model)
        assert issubclass(cls, keras.Model)


def test_the_version_of_keras_is_put_back() -> None:
    assert tf.keras.version() == keras.__version__


def test_legacy_keras_gives_a_clear_error() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import fndrec"],
        env={**os.environ, "TF_USE_LEGACY_KERAS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: fndrec needs Keras 3")
    assert "TF_USE_LEGACY_KERAS=1" in last
