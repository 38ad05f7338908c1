import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from extractors.flow import FlowConfig
from extractors.flow.tvl1 import tvl1_flow
from extractors.flow.tvl1.batched import BatchedSolver
from extractors.flow.tvl1.torch_kernels import BatchLevel, iterate, linearise, median

ROOT = Path(__file__).parents[3]
CPU = torch.device("cpu")

# Two correct solvers differ where one stops an iteration later than the other: by 0.01
# on average, as do the compiled kernels and Numba's.
TOLERANCE_PIXELS = 0.03


def texture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Smooth gray noise, which any flow algorithm can follow."""
    noise = np.random.default_rng(seed).normal(size=(height, width))
    smooth = cv2.GaussianBlur(noise, (0, 0), 2)
    return cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


def moving_frames(count: int, height: int, width: int) -> np.ndarray:
    """Frames whose content moves 2 pixels to the right and 1 down a frame."""
    world = texture(height + count, width + 2 * count)
    offsets = range(count, 0, -1)
    return np.stack([world[k : k + height, 2 * k : 2 * k + width] for k in offsets])


def mixed_frames(height: int, width: int) -> np.ndarray:
    """Eight frames: motion, standstill, and scene cuts."""
    still = texture(height, width, seed=1)
    moving = moving_frames(4, height, width)
    return np.stack([*moving, still, still, moving[0], np.zeros_like(still)])


def batched(frames: np.ndarray, config: FlowConfig | None = None) -> np.ndarray:
    solver = BatchedSolver(config or FlowConfig(), CPU)
    return solver.flow(torch.from_numpy(frames)).numpy()


def mean_distance(one: np.ndarray, other: np.ndarray) -> float:
    """Between the end points of two fields, in pixels."""
    assert one.shape == other.shape
    return float(np.linalg.norm(one - other, axis=-1).mean())


def random_level(height: int, width: int, seed: int = 0) -> BatchLevel:
    """Three pairs in the middle of their solution; the second has converged."""
    generator = torch.Generator().manual_seed(seed)

    def field(*planes: int, scale: float) -> torch.Tensor:
        shape = (3, *planes, height, width)
        return scale * torch.randn(shape, generator=generator)

    return BatchLevel(
        first=field(scale=50),
        second=field(scale=50),
        gradient=field(2, scale=20),
        term=field(3, scale=20),
        flow=field(2, scale=4),
        dual=field(4, scale=0.5),
        active=torch.tensor([True, False, True]),
    )


@pytest.mark.parametrize(
    "config",
    [
        FlowConfig(),
        FlowConfig(median_pixels=3),
        FlowConfig(inner_iterations=5),
        FlowConfig(median_pixels=1, scale_step=0.5, warps=2),
    ],
)
def test_it_finds_what_the_solver_of_one_pair_finds(config):
    frames = moving_frames(3, 48, 64)
    one_by_one = tvl1_flow(frames, config, threads=1)
    assert mean_distance(batched(frames, config), one_by_one) <= TOLERANCE_PIXELS


def test_a_pairs_flow_does_not_depend_on_its_batch():
    frames, config = mixed_frames(20, 40), FlowConfig(warps=2, outer_iterations=2)
    alone = [batched(frames[k : k + 2], config)[0] for k in range(len(frames) - 1)]
    assert np.array_equal(batched(frames, config), alone)


def test_what_stands_still_has_no_flow():
    frames = np.stack([texture(24, 32)] * 3)
    assert not batched(frames).any()
    assert not batched(np.full_like(frames, 128)).any()


@pytest.mark.parametrize("size", [(1, 1), (1, 24), (16, 16), (9, 64), (64, 9)])
def test_small_frames_and_cuts_give_a_finite_flow(size):
    frames = np.stack([texture(*size, seed=seed) for seed in range(3)])
    flow = batched(frames, FlowConfig(warps=2, outer_iterations=2))
    assert flow.shape == (2, *size, 2)
    assert np.isfinite(flow).all()


def test_a_far_flow_finds_nothing_there():
    level = random_level(6, 7)
    level.flow.fill_(-1e9)
    linearise(level)
    assert torch.equal(level.term[:, :2], torch.zeros(3, 2, 6, 7))
    assert torch.equal(level.term[:, 2], -level.first)


@pytest.mark.parametrize("side", [3, 5])
def test_the_median_is_opencvs(side):
    level = random_level(9, 8)
    before = level.flow.clone()
    median(level, side)
    for pair in (0, 2):
        for filtered, plane in zip(level.flow[pair], before[pair], strict=True):
            assert np.array_equal(filtered, cv2.medianBlur(plane.numpy(), side))


def test_a_pair_that_has_converged_stays_as_it_is():
    level = random_level(9, 8)
    flow, dual = level.flow.clone(), level.dual.clone()
    median(level, 5)
    iterate(level, bound=0.045, theta=0.3, step=0.8, depth=1, still=0)
    assert torch.equal(level.flow[1], flow[1])
    assert torch.equal(level.dual[1], dual[1])
    assert level.active.tolist() == [True, False, True]


def test_what_is_not_two_frames_is_refused():
    solver = BatchedSolver(FlowConfig(), CPU)
    with pytest.raises(ValueError, match="two frames or more, found 1"):
        solver.flow(torch.zeros(1, 8, 8, dtype=torch.uint8))
    with pytest.raises(ValueError, match=r"gray frames, .* found .*\(2, 0, 8\)"):
        solver.flow(torch.zeros(2, 0, 8, dtype=torch.uint8))


@pytest.mark.slow
def test_triton_computes_what_torch_computes():
    """In Triton's interpreter, which has to be chosen before the kernels are read."""
    pytest.importorskip("triton")
    subprocess.run(
        [sys.executable, "-c", f"import {__name__} as t; t.check_triton()"],
        env=os.environ | {"TRITON_INTERPRET": "1", "CUDA_VISIBLE_DEVICES": ""},
        cwd=ROOT,
        check=True,
    )


def check_triton() -> None:
    """Compare each kernel, then a whole flow."""
    from extractors.flow.tvl1 import torch_kernels, triton_kernels

    numbers = {"bound": 0.045, "theta": 0.3, "step": 0.8, "still": 6.6}
    for height, width in [(20, 33), (1, 70)]:
        for name, arguments in [
            ("linearise", {}),
            ("median", {"side": 5}),
            ("median", {"side": 3}),
            ("iterate", {"depth": 1, **numbers}),
            ("iterate", {"depth": 4, **numbers}),
        ]:
            expected, found = (random_level(height, width) for _ in range(2))
            getattr(torch_kernels, name)(expected, **arguments)
            getattr(triton_kernels, name)(found, **arguments)
            torch.testing.assert_close(vars(found), vars(expected))

    config = FlowConfig(scales=2, warps=2, outer_iterations=2, inner_iterations=6)
    frames = torch.from_numpy(moving_frames(2, 20, 33))
    flows = [
        BatchedSolver(config, CPU, kernels).flow(frames)
        for kernels in (torch_kernels, triton_kernels)
    ]
    torch.testing.assert_close(*flows, rtol=0, atol=1e-3)


@pytest.mark.gpu
def test_a_gpu_finds_what_the_cpu_finds():
    frames = mixed_frames(60, 90)
    solver = BatchedSolver(FlowConfig(), torch.device("cuda"))
    on_gpu = torch.from_numpy(frames).cuda()
    flow = solver.flow(on_gpu)
    moving = slice(0, 3)  # two solvers answer a cut with the same nonsense only roughly
    distance = mean_distance(flow[moving].cpu().numpy(), tvl1_flow(frames)[moving])
    assert distance <= TOLERANCE_PIXELS
    alone = [solver.flow(on_gpu[k : k + 2])[0] for k in range(len(frames) - 1)]
    assert torch.equal(flow, torch.stack(alone))
