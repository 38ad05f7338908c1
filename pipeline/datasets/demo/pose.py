"""The pose of a human figure: a vector of angles, and the points in space it means."""

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

# Lengths in metres, for a person of this height.
TALL_METRES = 1.75
TORSO, NECK, SKULL = 0.53, 0.10, 0.12
SHOULDER, HIP = 0.17, 0.09  # half widths
UPPER_ARM, FOREARM, HAND = 0.28, 0.25, 0.06
THIGH, SHIN, FOOT = 0.42, 0.40, 0.16

Limb = tuple[float, float, float, float]
Angles = dict[str, np.ndarray]  # (frames,) each
Points = dict[str, np.ndarray]  # (frames, 3) each


def pose(
    *,
    lean: float = 0.0,  # trunk forward, in degrees like all angles
    tilt: float = 0.0,  # trunk to the figure's left
    twist: float = 0.0,  # shoulders against hips; positive: left shoulder forward
    nod: float = 0.0,  # head forward
    turn: float = 0.0,  # whole figure; 90 faces right, -90 faces left
    lift: float = 0.0,  # height of a jump in metres
    left_arm: Limb = (4, 9, 14, 7),
    right_arm: Limb | None = None,  # None: like the left one
    left_leg: Limb = (2, 4, -2, 3),
    right_leg: Limb | None = None,  # None: like the left one
) -> np.ndarray:
    """Return one pose as a vector over `CHANNELS`, by default standing.

    Poses are vectors so that they can be blended. Each of a limb's two parts has its
    own direction, independent of the other's: its angles forward and aside from hanging
    straight down. So an arm is (upper arm forward, aside, forearm forward, aside),
    which can be read off a photograph.
    """
    sides = [*left_arm, *left_leg, *(right_arm or left_arm), *(right_leg or left_leg)]
    return np.array([lean, tilt, twist, nod, turn, lift, *sides], dtype=np.float64)


def mirrored(poses: np.ndarray) -> np.ndarray:
    """Mirror poses left to right, (..., channels) -> (..., channels)."""
    trunk, left, right = np.split(poses, [len(TRUNK), len(TRUNK) + 8], axis=-1)
    signs = np.array([1, -1, -1, 1, -1, 1])  # tilt, twist and turn
    return np.concatenate([trunk * signs, right, left], axis=-1)


def points_of(poses: np.ndarray) -> Points:
    """Compute a figure's points in metres: x right, y up, z to the camera.

    The lower foot is at y = 0, and x = z = 0 is between the feet, so that a squat
    lowers the hips instead of raising the feet. Poses are (frames, channels); points
    have names such as "left_elbow".
    """
    angles = dict(zip(CHANNELS, np.radians(poses).T, strict=True))
    points = _trunk(angles)
    for side in SIDES:
        points |= _arm(angles, side, points[f"{side}_shoulder"])
        points |= _leg(angles, side, points[f"{side}_hip"])
    turned = {name: _turned(xyz, angles["turn"]) for name, xyz in points.items()}
    return _grounded(turned, poses[:, INDEX["lift"]])


def _trunk(angles: Angles) -> Points:
    lean, tilt, twist, nod = (angles[k] for k in ("lean", "tilt", "twist", "nod"))
    up = _xyz(np.sin(tilt), np.cos(tilt) * np.cos(lean), np.cos(tilt) * np.sin(lean))
    across = _xyz(np.cos(twist), 0 * twist, np.sin(twist))
    across = across - up * np.sum(across * up, axis=-1, keepdims=True)
    across /= np.linalg.norm(across, axis=-1, keepdims=True)
    ahead = np.cross(across, up)
    cos, sin = np.cos(nod)[:, None], np.sin(nod)[:, None]
    crown, face = up * cos + ahead * sin, ahead * cos - up * sin
    neck = up * TORSO
    points = {"neck": neck} | _head(neck + up * NECK, crown, face, across)
    for side, sign in SIDES.items():
        points[f"{side}_shoulder"] = neck - up * 0.04 + across * sign * SHOULDER
        points[f"{side}_hip"] = _xyz(0 * lean + sign * HIP, 0 * lean, 0 * lean)
    return points


def _head(
    chin: np.ndarray, crown: np.ndarray, face: np.ndarray, across: np.ndarray
) -> Points:
    skull = chin + crown * SKULL
    between_eyes = skull - crown * 0.01 + face * 0.087
    return {
        "chin": chin + face * 0.02,
        "skull": skull,
        "hair": skull + crown * 0.03 - face * 0.03,
        "left_eye": between_eyes + across * SIDES["left"] * 0.04,
        "right_eye": between_eyes + across * SIDES["right"] * 0.04,
    }


def _arm(angles: Angles, side: str, shoulder: np.ndarray) -> Points:
    upper_arm = UPPER_ARM * _direction(angles, side, "upper_arm")
    elbow = shoulder + upper_arm
    forearm = _direction(angles, side, "forearm")
    wrist = elbow + FOREARM * forearm
    return {
        f"{side}_sleeve": shoulder + 0.55 * upper_arm,
        f"{side}_elbow": elbow,
        f"{side}_wrist": wrist,
        f"{side}_hand": wrist + HAND * forearm,
    }


def _leg(angles: Angles, side: str, hip: np.ndarray) -> Points:
    knee = hip + THIGH * _direction(angles, side, "thigh")
    ankle = knee + SHIN * _direction(angles, side, "shin")
    toe = ankle + np.array([0.15 * SIDES[side] * FOOT, -0.03, FOOT])
    return {f"{side}_knee": knee, f"{side}_ankle": ankle, f"{side}_toe": toe}


def _direction(angles: Angles, side: str, limb: str) -> np.ndarray:
    """Return unit vectors (frames, 3) of a limb, which hangs down at angles of 0."""
    forward, aside = angles[f"{side}_{limb}_forward"], angles[f"{side}_{limb}_aside"]
    return _xyz(
        SIDES[side] * np.sin(aside),
        -np.cos(aside) * np.cos(forward),
        np.cos(aside) * np.sin(forward),
    )


def _turned(points: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """Turn the points of a figure; positive angles face right, negative ones left."""
    x, y, z = points.T
    cos, sin = np.cos(turn), np.sin(turn)
    return _xyz(x * cos + z * sin, y, z * cos - x * sin)


def _grounded(points: Points, lift_metres: np.ndarray) -> Points:
    ankles = [points["left_ankle"], points["right_ankle"]]
    feet = [*ankles, points["left_toe"], points["right_toe"]]
    origin = np.mean(ankles, axis=0)
    origin[:, 1] = np.min([foot[:, 1] for foot in feet], axis=0) - 0.04 - lift_metres
    return {name: xyz - origin for name, xyz in points.items()}


def _xyz(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    return np.stack([x, y, z], axis=-1)
