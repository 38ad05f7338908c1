import hashlib
import importlib

import numpy as np
import pytest
import torch

from extractors.errors import WeightsError
from extractors.flow import raft as raft_module
from extractors.flow.raft import _batches, _cropped, _padded, raft
from extractors.flow.raft_weights import RAFT, find_raft_weights
from extractors.loading import load_published

pytestmark = pytest.mark.usefixtures("one_thread")

CPU = "cpu"


@pytest.fixture(scope="module")
def weights_file(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("raft") / "raft.pth"
    torch.save(RAFT.build().state_dict(), path)
    return path


@pytest.fixture(scope="module")
def flow(weights_file):
    return raft(weights_file, CPU)


def random_frames(count: int, height: int, width: int) -> np.ndarray:
    shape = (count, height, width, 3)
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


@pytest.mark.parametrize("frames", [2, 4])
@pytest.mark.parametrize("size", [(30, 41), (128, 136)])
def test_each_pair_has_a_field_of_its_size(flow, frames, size):
    fields = flow(random_frames(frames, *size))
    assert fields.shape == (frames - 1, *size, 2)
    assert fields.dtype == np.float32
    assert np.isfinite(fields).all()


@pytest.mark.parametrize("frames", [0, 1])
def test_without_a_pair_there_is_no_field(flow, frames):
    assert flow(random_frames(frames, 20, 30)).shape == (0, 20, 30, 2)


def test_a_pair_does_not_depend_on_its_batch(flow, monkeypatch):
    frames = random_frames(3, 30, 41)
    frames.flags.writeable = False  # as frames of a decoder may be
    together = flow(frames)
    monkeypatch.setattr(raft_module, "BATCH_PIXELS", 1)
    np.testing.assert_allclose(together, flow(frames), rtol=1e-3, atol=1e-3)
    assert not np.allclose(together[0], together[1])


def test_batches_hold_every_pair_once():
    # 1,048,576 pixels are 64 pairs of 128 x 128.
    assert _batches(pairs=130, height=30, width=41) == [(0, 64), (64, 128), (128, 130)]
    assert _batches(pairs=2, height=1080, width=1920) == [(0, 1), (1, 2)]


@torch.no_grad()
def test_the_field_is_the_last_of_the_network(flow):
    frames = random_frames(2, 128, 128)
    torch.manual_seed(0)
    network = load_published(RAFT, None)
    scaled = torch.from_numpy(frames).permute(0, 3, 1, 2) / 127.5 - 1
    expected = network(scaled[:1], scaled[1:])[-1][0].permute(1, 2, 0)
    np.testing.assert_allclose(flow(frames)[0], expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("size", [(30, 41), (128, 136), (131, 250)])
def test_the_border_that_is_added_is_cropped(size):
    frames = random_frames(2, *size)
    padded = _padded(frames, torch.device(CPU))
    assert all(side >= 128 and side % 8 == 0 for side in padded.shape[2:])
    assert padded.min() >= -1 and padded.max() <= 1
    inside = _cropped(padded[:, :2], *size)
    np.testing.assert_allclose(inside, frames[..., :2] / 127.5 - 1, atol=1e-6)


def test_a_local_file_wins(weights_file, tmp_path):
    weights = find_raft_weights(weights_file, tmp_path / "none")
    assert weights.path == weights_file
    assert weights.sha256 == hashlib.sha256(weights_file.read_bytes()).hexdigest()


def test_weights_of_another_network_are_refused_with_names(tmp_path):
    torch.save({"conv1.weight": torch.zeros(3)}, tmp_path / "resnet.pth")
    with pytest.raises(WeightsError, match=r"--raft-weights FILE") as caught:
        find_raft_weights(tmp_path / "resnet.pth")
    assert "expected the published weights of raft_large" in str(caught.value)
    assert "unknown: conv1.weight" in str(caught.value)


def test_another_file_in_the_cache_is_refused(weights_file, tmp_path):
    cached = tmp_path / "raft_large_C_T_SKHT_V2-ff5fadd5.pth"
    cached.write_bytes(weights_file.read_bytes())
    with pytest.raises(WeightsError, match=r"hash ff5fadd5\w{56}, found .*; del"):
        find_raft_weights(cache=tmp_path)
    assert cached.exists()


def test_the_address_is_torchvisions():
    module = importlib.import_module("torchvision.models.optical_flow")
    assert module.Raft_Large_Weights.C_T_SKHT_V2.url == RAFT.url
    assert RAFT.url.endswith(f"-{RAFT.hash_prefix[:8]}.pth")
