import cv2
import numpy as np
import pytest

from extractors.flow import FlowConfig, fields, flow_fields, make_flow
from extractors.flow.opencv import tvl1

ALGORITHMS = ("tvl1", "dis", "farneback")


def texture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Smooth gray noise, which any flow algorithm can follow."""
    noise = np.random.default_rng(seed).normal(size=(height, width))
    smooth = cv2.GaussianBlur(noise, (0, 0), 2)
    return cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


def moving_frames(count: int) -> list[np.ndarray]:
    """RGB frames whose content moves 2 pixels to the right and 1 down a frame."""
    world = texture(120, 140)
    views = [world[30 - k : 94 - k, 30 - 2 * k : 110 - 2 * k] for k in range(count)]
    return [cv2.cvtColor(view, cv2.COLOR_GRAY2RGB) for view in views]


def gray(frame: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_known_motion_is_found(algorithm):
    first, second = map(gray, moving_frames(2))
    field = make_flow(FlowConfig(algorithm=algorithm))(first, second)
    assert field.dtype == np.float32
    middle = field[16:-16, 16:-16].reshape(-1, 2)
    assert np.median(middle, axis=0) == pytest.approx([2, 1], abs=0.2)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_same_frames_give_the_same_flow(algorithm):
    frames = moving_frames(3)
    config = FlowConfig(algorithm=algorithm)
    once = list(flow_fields(frames, config))
    assert np.array_equal(once, list(flow_fields(frames, config)))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("size", [(1, 1), (8, 64), (12, 64), (16, 16), (64, 9)])
def test_small_frames_are_no_problem(algorithm, size):
    flow = make_flow(FlowConfig(algorithm=algorithm))
    field = flow(texture(*size), texture(*size, seed=1))
    assert field.shape == (*size, 2)
    assert np.isfinite(field).all()


def test_the_defaults_are_those_of_opencv():
    first, second = map(gray, moving_frames(2))
    reference = cv2.optflow.DualTVL1OpticalFlow_create().calc(first, second, None)
    assert np.array_equal(tvl1(FlowConfig())(first, second), reference)


def test_each_frame_has_one_field_and_the_last_repeats():
    frames = moving_frames(4)
    quantised = list(flow_fields(frames, FlowConfig(algorithm="dis")))
    assert len(quantised) == 4
    assert np.array_equal(quantised[3], quantised[2])
    assert np.median(quantised[0][..., 0]) == 128 + round(2 * 127 / 20)
    assert np.median(quantised[0][..., 1]) == 128 + round(1 * 127 / 20)


def test_a_single_frame_does_not_move():
    (field,) = flow_fields(moving_frames(1), FlowConfig())
    assert field.shape == (64, 80, 2)
    assert np.unique(field).tolist() == [128]


def test_no_frames_have_no_fields():
    assert list(flow_fields([], FlowConfig())) == []


def test_frames_are_read_no_further_than_needed():
    taken = []

    def frames():
        for index, frame in enumerate(moving_frames(4)):
            taken.append(index)
            yield frame

    next(flow_fields(frames(), FlowConfig(algorithm="dis")))
    assert taken == [0, 1]


def test_what_is_no_number_does_not_leave(monkeypatch):
    broken = np.full((8, 8, 2), [np.nan, np.inf], np.float32)
    monkeypatch.setattr(fields, "farneback", lambda: lambda previous, following: broken)
    flow = make_flow(FlowConfig(algorithm="farneback"))
    assert not flow(texture(8, 8), texture(8, 8)).any()


def test_an_unknown_algorithm_is_refused_with_the_known_ones():
    # The message is ours, or the type checker's where tests run with one.
    with pytest.raises(Exception, match=r"tvl1.*dis.*farneback"):
        FlowConfig(algorithm="pyflow")


def test_a_bound_of_nothing_is_refused():
    with pytest.raises(ValueError, match="bound_pixels must be positive"):
        FlowConfig(bound_pixels=0.0)
