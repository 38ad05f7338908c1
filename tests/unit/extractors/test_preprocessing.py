import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from extractors.flow.quantisation import dequantise_flow, quantise_flow
from extractors.preprocessing import centre_crop, flow_to_input, rgb_to_input


def numbered_frames(height: int, width: int) -> np.ndarray:
    """One frame whose first channel is the row and whose second is the column."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows, columns], axis=-1).astype(np.uint8)[None]


def test_the_crop_is_the_middle():
    crop = centre_crop(numbered_frames(256, 240), size=224)
    assert crop.shape == (1, 224, 224, 2)
    assert crop[0, 0, 0].tolist() == [16, 8]
    assert crop[0, -1, -1].tolist() == [239, 231]


def test_a_small_frame_repeats_its_border():
    crop = centre_crop(numbered_frames(2, 4), size=4)
    assert crop[0, :, 0, 0].tolist() == [0, 0, 1, 1]
    assert crop[0, 0, :, 1].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(("height", "width"), [(256, 340), (10, 300), (7, 5)])
def test_tensors_are_cropped_like_arrays(height, width):
    frames = numbered_frames(height, width)
    assert np.array_equal(centre_crop(torch.tensor(frames)), centre_crop(frames))


def test_rgb_spans_minus_one_to_one_exactly():
    frames = np.zeros((1, 3, 256, 340, 3), np.uint8)
    frames[:, 1] = 255
    clips = rgb_to_input(frames)
    assert clips.shape == (1, 3, 3, 224, 224)
    assert clips[:, :, 0].unique().tolist() == [-1.0]
    assert clips[:, :, 1].unique().tolist() == [1.0]


def test_rgb_keeps_its_channels_and_its_time():
    frames = np.random.default_rng(0).integers(0, 256, (2, 4, 224, 224, 3), np.uint8)
    clips = rgb_to_input(frames)
    assert clips[1, 2, 3, 10, 20] == pytest.approx(
        int(frames[1, 3, 10, 20, 2]) * 2 / 255 - 1
    )
    assert torch.equal(clips, rgb_to_input(torch.tensor(frames)))


def test_frames_may_be_read_only():
    frames = np.zeros((1, 1, 224, 224, 3), np.uint8)
    frames.flags.writeable = False
    assert rgb_to_input(frames).shape == (1, 3, 1, 224, 224)


def test_no_motion_is_zero_for_the_flow_network():
    flow = np.full((1, 2, 240, 240, 2), 128, np.uint8)
    flow[..., 0] = 255
    clips = flow_to_input(flow)
    assert clips[:, 0].unique().tolist() == [1.0]
    assert clips[:, 1].unique().tolist() == [0.0]


def test_what_is_no_number_becomes_no_motion_and_infinity_the_bound():
    flow = np.array([[np.nan, np.inf], [-np.inf, 0]], np.float32)
    assert quantise_flow(flow).tolist() == [[128, 255], [1, 128]]


@given(
    hnp.arrays(np.float32, (3, 4, 2), elements=st.floats(-30, 30, width=32)),
    st.sampled_from([1.0, 16.0, 20.0]),
)
def test_quantised_flow_is_within_half_a_step(flow, bound):
    quantised = quantise_flow(flow, bound)
    assert quantised.min() >= 1
    error = np.abs(dequantise_flow(quantised, bound) - flow.clip(-bound, bound))
    assert error.max() <= bound / 254 * (1 + 1e-5)


@given(hnp.arrays(np.uint8, (2, 3, 2), elements=st.integers(1, 255)))
def test_quantising_again_changes_nothing(quantised):
    assert np.array_equal(quantise_flow(dequantise_flow(quantised)), quantised)
