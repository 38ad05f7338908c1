import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.flow.quantisation import quantise_flow
from extractors.hof import SCALE, hof

HOF, MBHX, MBHY = slice(0, 8), slice(8, 16), slice(16, 24)
MAGNITUDE, STILL, DIVERGENCE, CURL, STRETCH, SHEAR = 24, 27, 28, 29, 30, 31


def snippet(motion, time: int = 16, height: int = 96, width: int = 128) -> np.ndarray:
    """Quantised fields of `motion(x, y)`, with x and y counted from the middle."""
    y, x = np.mgrid[:height, :width].astype(float)
    u, v = motion(x - (width - 1) / 2, y - (height - 1) / 2)
    field = np.stack([u + 0 * x, v + 0 * x], axis=-1)
    return np.broadcast_to(quantise_flow(field), (time, height, width, 2)).copy()


def described(flow: np.ndarray) -> np.ndarray:
    """The descriptor as (half, cell row, cell column, bin)."""
    return hof(flow).reshape(2, 4, 4, 32)


def assert_groups_have_norm(descriptor: np.ndarray, norms: list[float]) -> None:
    groups = descriptor.reshape(32, 4, 8)
    found = np.sqrt((groups**2).sum(axis=(0, 2))) / SCALE
    assert found == pytest.approx(norms, abs=1e-5)


def test_no_motion_is_all_still_and_finite():
    descriptor = described(snippet(lambda x, y: (0, 0)))
    assert_groups_have_norm(descriptor, [0, 0, 0, 1])
    assert np.count_nonzero(descriptor) == 32
    assert (descriptor[..., STILL] > 0).all()


@pytest.mark.parametrize(
    ("u", "v", "direction"),
    [(5, 0, 0), (5, 5, 1), (0, 5, 2), (-5, 5, 3), (-5, 0, 4), (0, -5, 6), (5, -5, 7)],
)
def test_one_direction_fills_one_bin(u, v, direction):
    histogram = described(snippet(lambda x, y: (u, v)))[..., HOF]
    shares = (histogram**2).sum(axis=(0, 1, 2)) / SCALE**2
    assert shares[direction] == pytest.approx(1, abs=1e-3)
    assert np.unique(histogram[..., direction].round(4)).size == 1


def test_directions_between_two_bins_are_shared():
    angle = np.pi / 8
    motion = (10 * np.cos(angle), 10 * np.sin(angle))
    histogram = described(snippet(lambda x, y: motion))[..., HOF]
    shares = (histogram**2).sum(axis=(0, 1, 2)) / SCALE**2
    assert shares[:2] == pytest.approx([0.5, 0.5], abs=0.02)


def test_a_uniform_motion_has_no_gradient():
    descriptor = described(snippet(lambda x, y: (7, -3)))
    assert_groups_have_norm(descriptor, [1, 0, 0, 1])
    assert not descriptor[..., DIVERGENCE:].any()


@pytest.mark.parametrize(
    ("motion", "index", "sign"),
    [
        (lambda x, y: (x / 20, y / 20), DIVERGENCE, 1),
        (lambda x, y: (-x / 20, -y / 20), DIVERGENCE, -1),
        (lambda x, y: (-y / 20, x / 20), CURL, 1),
        (lambda x, y: (y / 20, -x / 20), CURL, -1),
        (lambda x, y: (x / 20, -y / 20), STRETCH, 1),
        (lambda x, y: (y / 20, x / 20), SHEAR, 1),
    ],
)
def test_linear_motions_are_told_apart(motion, index, sign):
    means = described(snippet(motion))[..., DIVERGENCE:]
    others = np.delete(means, index - DIVERGENCE, axis=-1)
    assert (sign * means[..., index - DIVERGENCE] > 0).all()
    assert (np.abs(others).max(axis=-1) < 0.4 * np.abs(means).max(axis=-1)).all()


def test_gradients_do_not_depend_on_the_shape_of_the_frame():
    def expansion(x, y):
        return x / 20, y / 20

    wide = described(snippet(expansion, height=64, width=256))
    shear = np.abs(wide[..., STRETCH]).max()
    assert shear < 0.3 * wide[..., DIVERGENCE].min()


def test_the_gradient_of_each_component_has_its_own_histogram():
    descriptor = described(snippet(lambda x, y: (x / 10, 0)))
    assert_groups_have_norm(descriptor, [1, 1, 0, 1])
    shares = (descriptor[..., MBHX] ** 2).sum(axis=(0, 1, 2)) / SCALE**2
    assert shares[0] == pytest.approx(1, abs=1e-3)
    assert not descriptor[..., MBHY].any()


def test_the_halves_of_a_snippet_are_told_apart():
    flow = snippet(lambda x, y: (0, 0))
    flow[8:] = snippet(lambda x, y: (6, 0))[8:]
    descriptor = described(flow)
    assert not descriptor[0, ..., HOF].any()
    assert descriptor[1, ..., HOF].any()
    assert descriptor[0, 0, 0, STILL] > descriptor[1, 0, 0, STILL]


def test_a_motion_is_found_in_its_cell():
    flow = snippet(lambda x, y: (0, 0))
    flow[:, 24:48, 96:128, 0] = 200  # row 1, column 3 of the 4 x 4 cells
    magnitude = described(flow)[..., MAGNITUDE]
    assert np.argwhere(magnitude > 1e-3).tolist() == [[0, 1, 3], [1, 1, 3]]


def test_fewer_than_two_fields_are_refused():
    with pytest.raises(ValueError, match="at least 2 flow fields, got 1"):
        hof(snippet(lambda x, y: (0, 0), time=1))


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), st.integers(2, 17), st.integers(1, 200))
def test_any_flow_has_a_finite_repeatable_description(seed, time, side):
    rng = np.random.default_rng(seed)
    flow = rng.integers(1, 256, (time, side, side + 3, 2), np.uint8)
    descriptor = hof(flow)
    assert descriptor.shape == (1024,)
    assert descriptor.dtype == np.float32
    assert np.isfinite(descriptor).all()
    assert np.array_equal(descriptor, hof(flow.copy()))
    assert (np.abs(descriptor) <= SCALE * (1 + 1e-6)).all()
