import cv2
import numpy as np
import pytest

from extractors.flow import FlowConfig, fields, flow_fields, make_flow, with_flow
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


def pair(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Two gray frames as RGB."""
    return np.stack([cv2.cvtColor(g, cv2.COLOR_GRAY2RGB) for g in (first, second)])


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_known_motion_is_found(algorithm):
    flow = make_flow(FlowConfig(algorithm=algorithm))
    (field,) = flow.fields(np.stack(moving_frames(2)))
    assert field.dtype == np.float32
    middle = field[16:-16, 16:-16].reshape(-1, 2)
    assert np.median(middle, axis=0) == pytest.approx([2, 1], abs=0.2)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("threads", [1, 3])
def test_the_same_frames_give_the_same_flow_on_any_number_of_threads(
    algorithm, threads
):
    frames = moving_frames(6)
    config = FlowConfig(algorithm=algorithm)
    once = list(flow_fields(frames, make_flow(config)))
    again = list(flow_fields(frames, make_flow(config, threads)))
    assert np.array_equal(once, again)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("size", [(1, 1), (8, 64), (12, 64), (16, 16), (64, 9)])
def test_small_frames_are_no_problem(algorithm, size):
    flow = make_flow(FlowConfig(algorithm=algorithm))
    (field,) = flow.fields(pair(texture(*size), texture(*size, seed=1)))
    assert field.shape == (*size, 2)
    assert np.isfinite(field).all()


def test_opencvs_tvl1_has_its_defaults():
    first, second = map(gray, moving_frames(2))
    reference = cv2.optflow.DualTVL1OpticalFlow_create().calc(first, second, None)
    assert np.array_equal(tvl1(FlowConfig())(first, second), reference)


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_each_frame_has_one_field_and_the_last_repeats(count, threads):
    frames = moving_frames(count)
    flow = make_flow(FlowConfig(algorithm="dis"), threads)
    both = list(with_flow(frames, flow))
    assert len(both) == count
    for (kept, _), frame in zip(both, frames, strict=True):
        assert kept is frame
    quantised = [field for _, field in both]
    assert np.array_equal(quantised[-1], quantised[-2])
    assert np.median(quantised[0][..., 0]) == 128 + round(2 * 127 / 20)
    assert np.median(quantised[0][..., 1]) == 128 + round(1 * 127 / 20)


def test_a_single_frame_does_not_move():
    (field,) = flow_fields(moving_frames(1), make_flow(FlowConfig()))
    assert field.shape == (64, 80, 2)
    assert np.unique(field).tolist() == [128]


def test_no_frames_have_no_fields():
    assert list(flow_fields([], make_flow(FlowConfig()))) == []


def test_frames_are_read_no_further_than_needed():
    taken = []

    def frames():
        for index, frame in enumerate(moving_frames(4)):
            taken.append(index)
            yield frame

    next(flow_fields(frames(), make_flow(FlowConfig(algorithm="dis"))))
    assert taken == [0, 1]


def test_what_is_no_number_does_not_leave(monkeypatch):
    broken = np.full((8, 8, 2), [np.nan, np.inf], np.float32)
    monkeypatch.setattr(fields, "farneback", lambda: lambda previous, following: broken)
    flow = make_flow(FlowConfig(algorithm="farneback"))
    assert not flow.fields(pair(texture(8, 8), texture(8, 8))).any()


def test_an_unknown_algorithm_is_refused_with_the_known_ones():
    # The message is ours, or the type checker's where tests run with one.
    with pytest.raises(Exception, match=r"tvl1.*dis.*farneback"):
        FlowConfig(algorithm="pyflow")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"bound_pixels": 0.0}, "bound_pixels must be positive"),
        ({"warps": 0}, "warps must be positive"),
        ({"scale_step": 1.0}, "scale_step must be in"),
        ({"median_pixels": 7}, "median_pixels must be 1"),
    ],
)
def test_parameters_that_mean_nothing_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        FlowConfig(**wrong)
