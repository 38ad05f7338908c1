import copy
import hashlib
import importlib
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from extractors import first_use
from extractors.backbones import BACKBONES, Backbone, find_backbone_weights
from extractors.backbones.extractor import (
    backbone_extractor,
    build_backbone,
    evenly_spaced,
    to_input,
)
from extractors.backbones.kinetics import SHA256
from extractors.backbones.libraries import _pathways
from extractors.errors import SodaError, WeightsError
from extractors.loading import read_state

pytestmark = pytest.mark.usefixtures("one_thread")

CPU = torch.device("cpu")
RESNETS = ("r3d_18", "mc3_18", "r2plus1d_18")
QUICK = (*RESNETS, "x3d_s")
# (frames, side) of clips that a network takes too, which saves much time.
SHORTER = dict.fromkeys((*RESNETS, "swin3d_t", "swin3d_s", "swin3d_b"), (4, 48))
SHORTER["s3d"] = (16, 224)
# Where torchvision has the numbers of its networks.
ENUMS = {
    "mvit_v1_b": "MViT_V1_B_Weights",
    "mvit_v2_s": "MViT_V2_S_Weights",
    "swin3d_t": "Swin3D_T_Weights",
    "swin3d_s": "Swin3D_S_Weights",
    "swin3d_b": "Swin3D_B_Weights",
    "r3d_18": "R3D_18_Weights",
    "mc3_18": "MC3_18_Weights",
    "r2plus1d_18": "R2Plus1D_18_Weights",
    "s3d": "S3D_Weights",
}


class Mean(nn.Module):
    """A network so small that its features can be had by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3))
        self.fc = nn.Linear(3, 400)

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.fc(clips.mean(dim=(2, 3, 4)) * self.scale)
        return logits


TINY = replace(BACKBONES["r3d_18"], name="tiny", build=Mean, head=("fc",), width=3)


@pytest.fixture
def tiny_file(tmp_path) -> Path:
    torch.save(Mean().state_dict(), tmp_path / "tiny.pth")
    return tmp_path / "tiny.pth"


def random_frames(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)


def extractor_of(backbone: Backbone, path: Path):
    return backbone_extractor(backbone, find_backbone_weights(backbone, path), CPU)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in QUICK else [pytest.mark.slow])
        for name in BACKBONES
    ],
)
@torch.no_grad()
def test_features_are_what_the_published_classifier_takes(name):
    torch.manual_seed(0)
    backbone = BACKBONES[name]
    published = backbone.build().eval()
    (head_name,) = backbone.head
    default = (backbone.clip_frames, backbone.crop_pixels)
    frames, side = SHORTER.get(name, default)
    clips = torch.randn(2, 3, frames, side, side)
    head = published.get_submodule(head_name)
    nn.init.zeros_([*head.parameters()][1])  # the bias, beside which S3D's are small
    logits = published(clips[1:])

    same = replace(backbone, build=lambda: copy.deepcopy(published))
    features = build_backbone(same, published.state_dict())(clips)

    assert features.shape == (2, backbone.width)
    assert features.isfinite().all()
    assert not torch.equal(*features)
    cells = features[..., None, None, None] if name == "s3d" else features
    found, scale = head(cells)[1:].view_as(logits), logits.abs().max()
    torch.testing.assert_close(found / scale, logits / scale)


@pytest.mark.parametrize("name", [*RESNETS, "swin3d_t"])
@torch.no_grad()
def test_batched_equals_single(name):
    torch.manual_seed(0)
    network = build_backbone(BACKBONES[name])
    clips = torch.randn(2, 3, 4, 48, 48)
    both, second = network(clips), network(clips[1:])
    torch.testing.assert_close(both[1], second[0])
    assert not torch.allclose(both[0], both[1])


def test_clips_become_features(tmp_path):
    torch.manual_seed(0)
    backbone = BACKBONES["mc3_18"]
    torch.save(backbone.build().state_dict(), tmp_path / "mc3.pth")
    extract = extractor_of(backbone, tmp_path / "mc3.pth")
    clips = random_frames(2, 5, 40, 30)
    features = extract(clips)
    assert features.shape == (2, 512)
    assert features.dtype == np.float32
    assert np.isfinite(features).all()
    assert np.array_equal(features, extract(clips))


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 9, 7), (40, 37, 53), (2, 300, 260)])
def test_clips_of_any_length_and_size_will_do(tiny_file, shape):
    features = extractor_of(TINY, tiny_file)(random_frames(2, *shape))
    assert features.shape == (2, 3)
    assert np.isfinite(features).all()


def test_files_of_pytorchvideo_are_read_as_they_are(tmp_path):
    torch.manual_seed(0)
    backbone, path = BACKBONES["x3d_s"], tmp_path / "X3D_S.pyth"
    torch.save({"model_state": backbone.build().state_dict()}, path)
    state = read_state(find_backbone_weights(backbone, path).path)
    network = build_backbone(backbone, state)
    loaded = network.state_dict()
    assert all(torch.equal(loaded[name], state[name]) for name in loaded)
    assert state.keys() - loaded.keys() == {
        "blocks.5.proj.weight",
        "blocks.5.proj.bias",
    }


def test_slowfast_sees_every_frame_and_some_of_them_slowly():
    clip = torch.arange(32.0).view(1, 1, 32, 1, 1)
    ((slow, fast),) = _pathways(torch.nn.Identity(), (clip.expand(1, 3, 32, 1, 1),))
    assert fast[0, 0].flatten().tolist() == list(range(32))
    assert slow[0, 0].flatten().tolist() == [0, 4, 8, 13, 17, 22, 26, 31]


def test_gray_is_normalised_as_by_hand(tiny_file):
    gray = np.full((1, 16, 50, 60, 3), 102, np.uint8)  # 102 / 255 = .4
    features = extractor_of(TINY, tiny_file)(gray)
    by_hand = [
        (0.4 - 0.43216) / 0.22803,
        (0.4 - 0.394666) / 0.22145,
        (0.4 - 0.37645) / 0.216989,
    ]
    np.testing.assert_allclose(features, [by_hand], atol=1e-5)


@pytest.mark.parametrize(("name", "weights"), ENUMS.items())
@pytest.mark.parametrize("size", [(64, 80), (37, 53), (300, 260)])
def test_inputs_are_those_of_the_published_transform(name, weights, size):
    video = importlib.import_module("torchvision.models.video")
    published = getattr(video, weights).KINETICS400_V1.transforms()
    backbone = replace(BACKBONES[name], clip_frames=2)
    clip = random_frames(2, *size)
    expected = published(torch.from_numpy(clip).permute(0, 3, 1, 2))
    # It rounds to whole pixel values, we don't.
    half_a_step = 0.5 / 255 / min(backbone.std)
    torch.testing.assert_close(
        to_input(backbone, clip, CPU), expected, rtol=0, atol=half_a_step + 1e-5
    )


@pytest.mark.parametrize(("name", "weights"), ENUMS.items())
def test_torchvisions_numbers_are_those_of_its_weights(name, weights):
    video = importlib.import_module("torchvision.models.video")
    published = getattr(video, weights).KINETICS400_V1
    backbone = BACKBONES[name]
    assert backbone.url == published.url
    assert published.url.endswith(f"-{backbone.hash_prefix[:8]}.pth")
    assert len(backbone.hash_prefix) in (8, 64)
    transform = published.transforms()
    assert (list(backbone.mean), list(backbone.std)) == (transform.mean, transform.std)
    assert [backbone.crop_pixels] * 2 == transform.crop_size
    frames_a_second = {4: "7.5", 2: "15"}[backbone.step_frames]
    assert f"`frame_rate={frames_a_second}`" in published.meta["_docs"]


def test_pytorchvideos_addresses_are_those_of_its_hub():
    modules = ("resnet", "slowfast", "x3d")
    BACKBONES["x3d_s"].build()  # imports the hub without its warnings
    published = {}
    for module in modules:
        hub = importlib.import_module(f"pytorchvideo.models.hub.{module}")
        published |= hub.checkpoint_paths
    ours = {b.name: b.url for b in BACKBONES.values() if b.name not in ENUMS}
    assert len(ours) == 5
    assert ours == {name: published[name] for name in ours}


def test_every_hash_is_that_of_a_whole_file():
    files = {b.url.rpartition("/")[2]: b.hash_prefix for b in BACKBONES.values()}
    assert SHA256.items() <= files.items()
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in SHA256.values())


def test_a_snippet_is_the_stretch_that_a_network_was_trained_on():
    frames = {name: backbone.snippet_frames for name, backbone in BACKBONES.items()}
    assert frames["mvit_v2_s"] == frames["slow_r50"] == frames["slowfast_r50"] == 64
    assert (frames["x3d_s"], frames["x3d_m"], frames["r3d_18"]) == (78, 80, 32)


@pytest.mark.parametrize("backbone", BACKBONES.values(), ids=lambda b: b.name)
def test_frames_are_evenly_spaced(backbone):
    count, step = backbone.clip_frames, backbone.step_frames
    assert evenly_spaced(count, count) == list(range(count))
    every = list(range(backbone.snippet_frames))[step // 2 :: step]
    assert evenly_spaced(backbone.snippet_frames, count) == every
    assert evenly_spaced(1, count) == [0] * count


@pytest.mark.parametrize("length", range(1, 40))
def test_frames_are_in_order_and_symmetric_to_within_one(length):
    chosen = evenly_spaced(length, 8)
    assert len(chosen) == 8
    assert chosen == sorted(chosen)
    mirrored = [length - 1 - frame for frame in reversed(chosen)]
    assert max(abs(a - b) for a, b in zip(chosen, mirrored, strict=True)) <= 1


def test_the_frames_between_are_not_looked_at(tiny_file):
    extract = extractor_of(TINY, tiny_file)
    frames = random_frames(1, 32, 20, 20)
    frames[:, ::2] = 0
    np.testing.assert_allclose(extract(frames), extract(frames[:, 1::2]), rtol=1e-6)


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".pyth", ".safetensors"])
def test_a_local_file_wins(tmp_path, suffix):
    state = {"scale": torch.tensor([1.0, 2.0, 3.0])}  # no classifier
    path = tmp_path / f"local{suffix}"
    save = save_file if suffix == ".safetensors" else torch.save
    save(state, path)
    weights = find_backbone_weights(TINY, path, tmp_path / "none")
    assert weights.path == path
    assert weights.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert weights.origin == f"local file {path}"
    loaded = build_backbone(TINY, read_state(weights.path)).state_dict()
    assert loaded["scale"].tolist() == [1, 2, 3]
    assert not (tmp_path / "none").exists()


def test_a_classifier_of_other_classes_is_no_matter():
    state = Mean().state_dict() | {"fc.weight": torch.zeros(20, 3)}
    assert build_backbone(TINY, state).training is False


def test_weights_of_another_network_are_refused_with_names(tiny_file):
    with pytest.raises(WeightsError, match=r"--rgb-weights FILE") as caught:
        find_backbone_weights(BACKBONES["r3d_18"], tiny_file)
    message = str(caught.value)
    assert f"{tiny_file}: expected the published weights of r3d_18" in message
    assert "missing: layer1.0.conv1.0.weight, " in message
    assert " more; unknown: scale" in message


def test_a_tensor_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"scale \(expected \(3,\), found \(4,\)\)"):
        build_backbone(TINY, {"scale": torch.ones(4)})


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none.pth", r"none.pth: expected a weight file, found none"),
        ("weights.h5", r"ending in \.pth, \.pt, .*found \.h5"),
        ("page.pth", r"page.pth: expected weights, found a file that cannot be read"),
        ("page.safetensors", r"page.safetensors: expected weights, found a file"),
        ("training.pth", r"not tensors: epoch"),
        ("list.pth", r"it holds a list, not a state dict"),
    ],
)
def test_a_file_of_something_else_is_named(tmp_path, name, message):
    (tmp_path / "page.pth").write_text("<html>")
    (tmp_path / "page.safetensors").write_text("<html>")
    torch.save({"epoch": 3}, tmp_path / "training.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(WeightsError, match=message):
        find_backbone_weights(TINY, tmp_path / name)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def at(server: str, filename: str, hash_prefix: str) -> Backbone:
    return replace(TINY, url=f"{server}/{filename}", hash_prefix=hash_prefix)


def test_a_download_is_kept_as_it_is(server, tiny_file, tmp_path, caplog):
    cache = tmp_path / "new" / "cache"
    digest = hashlib.sha256(tiny_file.read_bytes()).hexdigest()
    tiny = at(server, "tiny.pth", digest[:8])
    weights = find_backbone_weights(tiny, cache=cache)
    assert weights.sha256 == digest
    assert weights.origin == "tiny (tiny.pth)"
    assert names(cache) == ["tiny.pth", "tiny.pth.sha256"]
    assert not [r for r in caplog.records if r.levelname == "WARNING"]
    tiny_file.unlink()
    assert find_backbone_weights(tiny, cache=cache) == weights


def test_a_download_of_another_hash_is_refused(server, tiny_file, tmp_path):
    tiny, cache = at(server, "tiny.pth", "00000000"), tmp_path / "cache"
    digest = hashlib.sha256(tiny_file.read_bytes()).hexdigest()
    with pytest.raises(WeightsError, match="hash 00000000, found") as caught:
        find_backbone_weights(tiny, cache=cache)
    assert f"with hash {digest[:8]}; it was deleted" in str(caught.value)
    assert list(cache.iterdir()) == []


def test_a_download_that_no_hash_verifies_is_logged(
    server, tiny_file, tmp_path, caplog
):
    weights = find_backbone_weights(at(server, "tiny.pth", ""), cache=tmp_path / "c")
    (warning,) = [r.message for r in caplog.records if r.levelname == "WARNING"]
    assert "tiny.pth: its publisher gives no hash" in warning
    assert warning.endswith(weights.sha256)


@pytest.mark.parametrize("is_kept", [True, False])
def test_another_file_than_at_the_first_use_is_refused(
    server, tiny_file, tmp_path, is_kept
):
    """Of a network whose publisher gives no hash; in the cache, or a new download."""
    tiny, cache = at(server, "tiny.pth", ""), tmp_path / "cache"
    first = find_backbone_weights(tiny, cache=cache)
    record = cache / "tiny.pth.sha256"
    assert record.read_text() == f"{first.sha256}  tiny.pth\n"
    state = {name: tensor + 1 for name, tensor in read_state(tiny_file).items()}
    torch.save(state, first.path if is_kept else tiny_file)
    if not is_kept:
        first.path.unlink()
    with pytest.raises(WeightsError, match=r"tiny.pth: expected the content of") as e:
        find_backbone_weights(tiny, cache=cache)
    assert first.sha256 in str(e.value) and f"delete {record}" in str(e.value)
    assert first.path.exists() == is_kept
    record.unlink()
    assert find_backbone_weights(tiny, cache=cache).sha256 != first.sha256


def test_a_cache_that_cannot_be_written_is_read(
    server, tiny_file, tmp_path, monkeypatch
):
    def closed(path):
        raise SodaError("expected a folder that can be written")

    tiny = at(server, "tiny.pth", "")
    first = find_backbone_weights(tiny, cache=tmp_path / "cache")
    (tmp_path / "cache" / "tiny.pth.sha256").unlink()
    monkeypatch.setattr(first_use, "atomic_path", closed)
    assert find_backbone_weights(tiny, cache=tmp_path / "cache") == first


def test_a_page_in_place_of_a_download_is_not_kept(server, tmp_path):
    (tmp_path / "page.pyth").write_text("<html>")
    with pytest.raises(
        WeightsError,
        match=r"page.pyth .*expected a file of weights, found an HTML page",
    ):
        find_backbone_weights(at(server, "page.pyth", ""), cache=tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_no_weights_anywhere_says_what_to_do(tmp_path):
    nowhere = at("http://127.0.0.1:9", "tiny.pth", "00000000")
    with pytest.raises(WeightsError, match=r"no weights for tiny \(127.0.0.1: ") as e:
        find_backbone_weights(nowhere, cache=tmp_path)
    assert f"download {nowhere.url} and put it into {tmp_path} yourself" in str(e.value)
    assert "--rgb-weights FILE" in str(e.value)
    assert list(tmp_path.iterdir()) == []
