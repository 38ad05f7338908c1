"""The motions of the figures: four actions, and pastimes between them."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from pipeline.datasets.demo.pose import INDEX, Limb, mirrored, pose

STAND = pose()


@dataclass(frozen=True)
class Motion:
    """A cycle of key poses, equally spaced in time."""

    keys: tuple[np.ndarray, ...]
    cycle_seconds: float
    rest: np.ndarray  # the pose before the motion

    def poses(self, cycles: np.ndarray, amplitude: float = 1.0) -> np.ndarray:
        """Return poses (frames, channels) after numbers of cycles (frames,).

        A Catmull-Rom spline interpolates between the keys. It passes through every key
        without stopping there, since a body that stops at each key looks mechanical.
        An amplitude of 1 reaches the key poses, 0 stays at rest.
        """
        keys = np.stack(self.keys)
        position = cycles * len(keys)
        index = np.floor(position).astype(int)
        u = (position - index)[:, None]
        a, b, c, d = (keys[(index + step) % len(keys)] for step in (-1, 0, 1, 2))
        curve = b + u / 2 * (
            (c - a) + u * ((2 * a - 5 * b + 4 * c - d) + u * (3 * (b - c) + d - a))
        )
        return self.rest + amplitude * (curve - self.rest)


def _jumping_jacks() -> Motion:
    together = pose(left_arm=(6, 8, 10, 6), left_leg=(12, 3, -12, 2))
    midway = pose(lift=0.13, left_arm=(0, 85, 4, 95), left_leg=(3, 14, -6, 13))
    apart = pose(left_arm=(0, 158, 0, 172), left_leg=(8, 27, -8, 22))
    return Motion((together, midway, apart, midway), 0.95, together)


def _boxing() -> Motion:
    left, right = (26, 6, -8, 8), (-10, 12, -34, 12)
    stance = partial(pose, turn=50, left_leg=left, right_leg=right)
    up: Limb = (28, 14, 128, -8)
    out: Limb = (86, 4, 91, -6)
    guard = stance(lean=10, nod=8, left_arm=up)
    jab = stance(lean=14, twist=28, lift=0.02, left_arm=out, right_arm=up)
    cross = stance(lean=18, twist=-38, lift=0.02, left_arm=up, right_arm=out)
    return Motion((guard, jab, guard, cross), 1.0, guard)


def _squatting() -> Motion:
    high = pose(turn=45)
    arm, leg = (84, 4, 88, -2), (98, 14, -34, 4)
    low = pose(turn=45, lean=42, nod=-18, left_arm=arm, left_leg=leg)
    return Motion((high, low), 1.5, high)


def _waving() -> Motion:
    inward = pose(tilt=3, right_arm=(12, 118, 0, 202))
    outward = pose(tilt=-2, right_arm=(12, 104, 0, 138))
    return Motion((inward, outward), 0.62, STAND)


ACTIONS = {
    "jumping jacks": _jumping_jacks(),
    "boxing": _boxing(),
    "squatting": _squatting(),
    "waving": _waving(),
}


def _pastimes() -> dict[str, Motion]:
    shift = pose(tilt=3, left_leg=(6, 6, -8, 3), right_leg=(0, 3, 0, 3))
    hips: Limb = (-22, 42, 30, -38)
    akimbo = pose(left_arm=hips, nod=2)
    akimbo_turn = pose(left_arm=hips, twist=22, nod=-4)
    scratch = pose(nod=6, right_arm=(58, 62, 150, -28))
    scratch_more = pose(nod=10, tilt=3, right_arm=(64, 70, 156, -40))
    reach_left = pose(tilt=22, left_arm=(0, 150, 0, 178), right_arm=(0, 172, 0, 150))
    reach_right = pose(tilt=-22, left_arm=(0, 172, 0, 150), right_arm=(0, 150, 0, 178))
    bend = pose(lean=98, nod=20, left_arm=(16, 6, 24, 2), left_leg=(34, 5, -14, 4))
    phone = pose(nod=26, right_arm=(14, 10, 112, -22))
    scroll = pose(nod=29, tilt=2, right_arm=(18, 11, 116, -24))
    return {
        "standing": Motion((STAND, shift), 3.0, STAND),
        "hands on hips": Motion((akimbo, akimbo_turn), 2.6, akimbo),
        "scratching head": Motion((scratch, scratch_more), 0.9, STAND),
        "reaching": Motion((reach_left, reach_right), 2.8, STAND),
        "bending": Motion((STAND, bend), 3.2, STAND),
        "reading phone": Motion((phone, scroll), 2.2, STAND),
    }


PASTIMES = _pastimes()


def _other_foot(step: np.ndarray) -> np.ndarray:
    """Return the same step with the other leg forward, in the same direction."""
    other = mirrored(step)
    other[INDEX["turn"]] *= -1
    return other


def _walking() -> Motion:
    stride = partial(pose, turn=85, lean=4)
    step = stride(
        left_arm=(-26, 6, -8, 4),
        right_arm=(24, 6, 44, 2),
        left_leg=(24, 2, 16, 2),
        right_leg=(-16, 2, -32, 2),
    )
    passing = stride(
        left_arm=(0, 6, 16, 4), left_leg=(4, 2, -4, 2), right_leg=(18, 2, -48, 2)
    )
    return Motion((step, passing, _other_foot(step), _other_foot(passing)), 1.1, STAND)


WALKING = _walking()
STRIDE_METRES = 1.25  # distance of one cycle of walking
