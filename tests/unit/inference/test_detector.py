"""A model refuses what it was not trained on, in a run and on a new video."""

from dataclasses import asdict

import numpy as np
import pytest

from extractors.weights import WeightsError, find_weights
from pipeline import detect
from pipeline.errors import SodaError
from pipeline.grid import SnippetGrid
from pipeline.run.config import make_config
from pipeline.stages.detect import detect_dataset
from pipeline.stages.features import FEATURES
from pipeline.stages.train import TRAIN
from pipeline.storage import fingerprint, read_json, write_arrays, write_json
from tests.dataset_maker import make_dataset
from tests.model_maker import MADE_OF, write_model
from tests.run_maker import make_run


def test_a_run_refuses_features_of_another_making_with_both_fingerprints(tmp_path):
    features = {"streams": "flow", "flow_features": "hof"}
    config = make_config("demo", {"features": features})
    manifest = make_dataset(tmp_path / "data", train=0, test=1)
    run = make_run(manifest, config, tmp_path / "work", device="cpu")
    write_model(TRAIN.folder(run))
    header = {"made_by": {"format": -1}, "grid": SnippetGrid(num_frames=90).to_dict()}
    arrays = {"features": np.zeros((6, 6), np.float32)}
    write_arrays(FEATURES.video_file(run, "test 0"), arrays, header)
    both = f"{fingerprint(MADE_OF)}, found {fingerprint(header['made_by'])}"
    with pytest.raises(SodaError, match=both):
        detect_dataset(run)


def test_a_new_video_is_refused_where_the_models_weights_are_not_there(tmp_path):
    try:
        weights = find_weights("rgb")
    except WeightsError as error:
        pytest.skip(str(error))
    make_dataset(tmp_path / "data", train=0, test=1)
    write_model(tmp_path / "model")
    path = tmp_path / "model" / "config.json"
    of_other = {"features": {"extractor": "i3d"}, "weights": {"rgb": "0123abcd"}}
    ours = {"made_of": of_other, "weights": {"rgb": asdict(weights)}}
    ours["weights"]["rgb"]["path"] = str(weights.path)
    write_json(path, read_json(path) | ours)
    both = f"rgb weights 0123abcd, found {weights.sha256}"
    with pytest.raises(SodaError, match=both):
        detect(tmp_path / "data" / "test 0.mp4", tmp_path / "model", device="cpu")
