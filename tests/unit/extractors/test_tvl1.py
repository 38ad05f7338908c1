import subprocess
import sys

import cv2
import numpy as np
import pytest

from extractors.flow import FlowConfig, opencv, tvl1_flow
from extractors.flow.tvl1 import compiled, jitted, tvl1
from extractors.flow.tvl1.level import Memory
from pipeline.video import DecodeConfig, SampledFrames

DEFAULTS = FlowConfig()


def texture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Noise of two scales, which fills the range of a frame."""
    rng = np.random.default_rng(seed)
    fine, coarse = (
        cv2.GaussianBlur(rng.normal(size=(height, width)), (0, 0), sigma) * sigma
        for sigma in (1.5, 6)
    )
    return cv2.normalize(fine + coarse, None, 0, 255, cv2.NORM_MINMAX)


def warped_pair(u: np.ndarray, v: np.ndarray, seed: int) -> np.ndarray:
    """Two frames of which the first shows at each pixel what (u, v) takes to there."""
    height, width = u.shape
    world = texture(height, width, seed).astype(np.float32)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    first = cv2.remap(
        world, columns + u, rows + v, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    )
    return np.clip(np.rint([first, world]), 0, 255).astype(np.uint8)


def known_fields() -> dict[str, np.ndarray]:
    """Motions (2, height, width) of which the truth is known."""
    y, x = np.mgrid[-1:1:120j, -1:1:160j].astype(np.float32)
    return {
        "shift": np.stack([np.full_like(x, 2.3), np.full_like(x, -1.4)]),
        "zoom": np.stack([3 * x, 3 * y]),
        "turn": np.stack([-3 * y, 3 * x]),
        "waves": np.stack([2 * np.sin(4 * y), 1.5 * np.cos(5 * x)]),
        "far": np.stack([np.full_like(x, 5.0), 2 + x]),
    }


def end_point_error(flow: np.ndarray, truth: np.ndarray, border: int = 12) -> float:
    """Mean distance in pixels, but for the border, where the truth may lie outside."""
    inside = np.s_[border:-border, border:-border]
    return float(np.linalg.norm(flow[inside] - truth[inside], axis=-1).mean())


@pytest.mark.parametrize("name", known_fields())
def test_known_motion_is_found_as_well_as_by_opencv(name):
    u, v = known_fields()[name]
    frames = warped_pair(u, v, seed=1)
    truth = np.stack([u, v], axis=-1)
    (ours,) = tvl1_flow(frames)
    theirs = opencv.tvl1(DEFAULTS)(*frames)
    assert end_point_error(ours, truth) <= end_point_error(theirs, truth) + 0.02


@pytest.mark.slow
def test_the_flow_of_real_video_is_opencvs(shared_data):
    paths = sorted((shared_data / "ut_interaction" / "videos").glob("*.mp4"))
    for path in (*paths[:30:10], shared_data / "videos" / "stgcn_clean_and_jerk.mp4"):
        frames = SampledFrames(path, DecodeConfig())
        taken = [f for i, f in zip(range(63), frames, strict=False) if i > 60]
        gray = np.stack([cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in taken])
        theirs = opencv.tvl1(DEFAULTS)(*gray)
        difference = np.linalg.norm(tvl1_flow(gray)[0] - theirs, axis=-1)
        assert difference.mean() <= 0.1


@pytest.mark.parametrize(
    "config",
    [
        FlowConfig(median_pixels=1),
        FlowConfig(median_pixels=3),
        FlowConfig(attachment=0.05, theta=0.2, tau=0.2),
        FlowConfig(scales=2, scale_step=0.5, warps=2),
        FlowConfig(epsilon=0.05, inner_iterations=5, outer_iterations=3),
    ],
)
def test_every_parameter_means_what_it_means_to_opencv(config):
    u, v = known_fields()["waves"]
    frames = warped_pair(u, v, seed=2)
    theirs = opencv.tvl1(config)(*frames)
    assert end_point_error(tvl1_flow(frames, config)[0], theirs, border=1) < 0.05


WITHOUT_COMPILED_KERNELS = """
import logging, sys
import numpy as np
sys.modules["extractors.flow.tvl1.compiled"] = None
from extractors.flow import tvl1_flow
logging.basicConfig()
frames = np.load(sys.argv[1])
np.savez(sys.argv[2], *(tvl1_flow(frames[name]) for name in frames.files))
"""


def test_without_compiled_kernels_numba_computes_the_same_and_says_so(tmp_path):
    pairs = [
        np.stack([texture(*size), np.roll(texture(*size), 1, 1)]).astype(np.uint8)
        for size in [(64, 80), (61, 83), (17, 16), (9, 40)]
    ]
    np.savez(tmp_path / "frames.npz", *pairs)
    script = [sys.executable, "-c", WITHOUT_COMPILED_KERNELS]
    paths = [str(tmp_path / "frames.npz"), str(tmp_path / "flow.npz")]
    result = subprocess.run(
        [*script, *paths], capture_output=True, text=True, check=True
    )
    assert "C compiler" in result.stderr and "kept on disk" in result.stderr
    with np.load(tmp_path / "flow.npz") as flows:
        for name, pair in zip(flows.files, pairs, strict=True):
            difference = np.linalg.norm(tvl1_flow(pair) - flows[name], axis=-1)
            assert difference.mean() < 0.02


@pytest.mark.parametrize("pixels", [3, 5])
@pytest.mark.parametrize("size", [(1, 1), (2, 40), (3, 15), (17, 16), (40, 31)])
@pytest.mark.parametrize("kernels", [compiled, jitted])
def test_the_median_is_opencvs(kernels, size, pixels):
    fields = np.random.default_rng(0).normal(size=(2, *size)).astype(np.float32)
    level = Memory(*size).level(fields[0])
    level.u[:], level.v[:] = fields
    kernels.median(level, pixels)
    assert np.array_equal(level.u, cv2.medianBlur(fields[0], pixels))
    assert np.array_equal(level.v, cv2.medianBlur(fields[1], pixels))


def test_constant_frames_do_not_move():
    frames = np.stack([np.full((40, 50), value, np.uint8) for value in (7, 7, 200)])
    assert not tvl1_flow(frames).any()


def test_the_flow_over_a_scene_cut_is_finite():
    frames = np.stack([texture(48, 64, seed) for seed in (0, 1)]).astype(np.uint8)
    assert np.isfinite(tvl1_flow(frames)).all()


def test_frames_of_16_pixels_have_a_flow():
    frames = np.stack([texture(16, 16), np.roll(texture(16, 16), 1, 1)])
    fields = tvl1_flow(frames.astype(np.uint8))
    assert fields.shape == (1, 16, 16, 2)
    assert np.isfinite(fields).all()


@pytest.mark.slow
def test_the_largest_frames_have_a_flow():
    frame = texture(2160, 4096).astype(np.uint8)
    config = FlowConfig(warps=1, outer_iterations=1)
    fields = tvl1_flow(np.stack([frame, np.roll(frame, 2, axis=1)]), config, threads=1)
    assert np.median(fields[0], axis=(0, 1)) == pytest.approx([2, 0], abs=0.2)


def test_a_single_frame_has_no_pair():
    assert tvl1_flow(np.zeros((1, 20, 30), np.uint8)).shape == (0, 20, 30, 2)


def test_frames_need_not_be_contiguous():
    frames = np.stack([texture(40, 60, seed) for seed in range(3)]).astype(np.uint8)
    views = {
        "every second column": (frames[:, :, ::2], frames[:, :, ::2].copy()),
        "transposed": (frames.transpose(0, 2, 1), frames.transpose(0, 2, 1).copy()),
        "backwards": (frames[::-1], frames[::-1].copy()),
    }
    for view, copy in views.values():
        assert np.array_equal(tvl1_flow(view), tvl1_flow(copy))


def test_memory_of_another_pair_leaves_no_trace():
    flow = tvl1(DEFAULTS)
    frames = np.stack([texture(40, 60, seed) for seed in range(3)]).astype(np.uint8)
    first = flow(frames[0], frames[1])
    flow(frames[1], frames[2])
    assert np.array_equal(flow(frames[0], frames[1]), first)


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((2, 8, 8, 3), np.uint8),
        np.zeros((2, 8, 8), np.float32),
        np.zeros((0, 8, 8), np.uint8),
        np.zeros((2, 0, 8), np.uint8),
    ],
)
def test_other_arrays_are_refused(wrong):
    # The message is ours, or the type checker's where tests run with one.
    with pytest.raises(Exception, match=r"expected gray frames|tvl1_flow"):
        tvl1_flow(wrong)
