"""Other networks than I3D, through the whole road."""

import pytest
import torch

from extractors.backbones import BACKBONES
from extractors.flow.raft_weights import RAFT
from pipeline.storage import read_arrays, read_json
from pipeline.video import CachedFlow
from pipeline.video.caching import compute_flow, decode
from tests.command.commands import luigi, run
from tests.dataset_maker import make_dataset
from tests.video_maker import moving_square_pictures, write_video

pytestmark = pytest.mark.slow

TRAINING = [
    *("--cells", "16", "--hidden", "32", "--epochs", "5", "--learning-rate", "0.002"),
    *("--jobs", "1"),  # as many threads for the network as `soda detect` gives it
]


@pytest.fixture(scope="module")
def random_x3d(tmp_path_factory):
    """A file of weights as pytorchvideo publishes them, with random numbers."""
    path = tmp_path_factory.mktemp("weights") / "x3d.pyth"
    torch.manual_seed(0)
    torch.save({"model_state": BACKBONES["x3d_s"].build().state_dict()}, path)
    return path


def test_an_rgb_network_needs_no_flow_and_brings_its_own_clips(tmp_path, random_x3d):
    make_dataset(tmp_path / "data", train=2, test=1)
    dataset, work = tmp_path / "data" / "dataset.json", tmp_path / "work"
    network = ["--extractor", "x3d_s", "--rgb-weights", str(random_x3d)]
    places = ["--dataset", str(dataset), "--workdir", str(work)]
    done = luigi("Evaluate", *places, *network, *TRAINING, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "ComputeFlow" not in done.stderr and not (work / "flow").exists()
    assert "rgb features: local file" in done.stderr
    (path,) = work.glob("features/*/train 0.safetensors")
    arrays, header = read_arrays(path)
    assert arrays["features"].shape[1] == header["widths"]["rgb"] == 2048
    assert header["grid"]["snippet_frames"] == 13 * 6
    assert header["made_by"]["features"]["extractor"] == "x3d_s"

    (model,) = work.glob("models/*/model.safetensors")
    video = tmp_path / "data" / "test 2.mp4"
    found = tmp_path / "found"
    places = ["--model", str(model.parent), "--output", str(found)]
    done = run("soda", "detect", str(video), *places, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (by_run,) = work.glob("detections/*/detections.json")
    same = read_json(by_run)["results"]["test 2"]
    assert read_json(found / "detections.json")["results"]["test 2"] == same


def test_an_unknown_extractor_is_refused_with_the_known_ones(tmp_path):
    make_dataset(tmp_path / "data")
    dataset = str(tmp_path / "data" / "dataset.json")
    done = luigi("Evaluate", "--dataset", dataset, "--extractor", "x3d", cwd=tmp_path)
    assert done.returncode == 2
    assert "x3d_s" in done.stderr and "Traceback" not in done.stderr


def test_raft_computes_flow_that_can_be_cached(tmp_path):
    weights = tmp_path / "raft.pth"
    torch.manual_seed(0)
    torch.save(RAFT.build().state_dict(), weights)
    video, frames, flow = (tmp_path / name for name in ("v.mp4", "f.mkv", "w.mkv"))
    write_video(video, moving_square_pictures(5, range(1, 4)))
    decode([video], frames, {"short_side": 64})
    compute_flow([frames], flow, {"algorithm": "raft"}, raft_weights=str(weights))
    with CachedFlow(flow) as cached:
        assert cached.num_frames == 5
        assert cached.header["flow"]["algorithm"] == "raft"
