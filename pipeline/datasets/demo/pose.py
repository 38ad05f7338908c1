"""The pose of a human figure: one vector of angles, so that poses can be blended."""

import numpy as np

TRUNK = ("lean", "tilt", "twist", "nod", "turn", "lift")
LIMBS = ("upper_arm", "forearm", "thigh", "shin")
SIDES = {"left": 1.0, "right": -1.0}  # sign of x when the figure faces the camera

CHANNELS = TRUNK + tuple(
    f"{side}_{limb}_{plane}"
    for side in SIDES
    for limb in LIMBS
    for plane in ("forward", "aside")
)
INDEX = {name: index for index, name in enumerate(CHANNELS)}

Limb = tuple[float, float, float, float]


def pose(
    *,
    lean: float = 0.0,
    tilt: float = 0.0,
    twist: float = 0.0,
    nod: float = 0.0,
    turn: float = 0.0,
    lift: float = 0.0,
    left_arm: Limb = (4, 9, 14, 7),
    right_arm: Limb | None = None,
    left_leg: Limb = (2, 4, -2, 3),
    right_leg: Limb | None = None,
) -> np.ndarray:
    """Return one pose as a vector over `CHANNELS`, by default standing.

    Each of a limb's two parts has its own direction, independent of the other's: its
    angles forward and aside from hanging straight down. So an arm is (upper arm
    forward, aside, forearm forward, aside), which can be read off a photograph.

    Args:
        lean: Trunk forward. All angles are in degrees.
        tilt: Trunk to the figure's left.
        twist: Shoulders against hips; positive brings the left shoulder forward.
        nod: Head forward.
        turn: Whole figure; 90 faces right, -90 faces left.
        lift: Height of a jump in metres.
        left_arm: Upper arm and forearm.
        right_arm: The same; None means like the left one.
        left_leg: Thigh and shin.
        right_leg: The same; None means like the left one.
    """
    right_arm = left_arm if right_arm is None else right_arm
    right_leg = left_leg if right_leg is None else right_leg
    sides = [*left_arm, *left_leg, *right_arm, *right_leg]
    return np.array([lean, tilt, twist, nod, turn, lift, *sides], dtype=np.float64)


def mirrored(poses: np.ndarray) -> np.ndarray:
    """Mirror poses left to right, (..., channels) -> (..., channels)."""
    trunk, left, right = np.split(poses, [len(TRUNK), len(TRUNK) + 8], axis=-1)
    signs = np.array([1, -1, -1, 1, -1, 1])  # tilt, twist and turn
    return np.concatenate([trunk * signs, right, left], axis=-1)
