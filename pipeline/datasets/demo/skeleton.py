"""The skeleton of a figure: points in space, computed from the angles of a pose."""

import numpy as np

from pipeline.datasets.demo.pose import CHANNELS, INDEX, SIDES

# Lengths in metres, for a person of this height.
TALL_METRES = 1.75
TORSO, NECK, SKULL = 0.53, 0.10, 0.12
SHOULDER, HIP = 0.17, 0.09  # half widths
UPPER_ARM, FOREARM, HAND = 0.28, 0.25, 0.06
THIGH, SHIN, FOOT = 0.42, 0.40, 0.16

Angles = dict[str, np.ndarray]
Points = dict[str, np.ndarray]


def points_of(poses: np.ndarray) -> Points:
    """Compute a figure's points in metres: x right, y up, z to the camera.

    The lower foot is at y = 0, and x = z = 0 is between the feet, so that a squat
    lowers the hips instead of raising the feet.

    Args:
        poses: Angles in degrees, (frames, channels).

    Returns:
        Points (frames, 3) by name, such as "left_elbow".
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
    neck = up * TORSO
    points = {"neck": neck} | _head(neck + up * NECK, up, ahead, across, nod)
    for side, sign in SIDES.items():
        points[f"{side}_shoulder"] = neck - up * 0.04 + across * sign * SHOULDER
        points[f"{side}_hip"] = _xyz(0 * lean + sign * HIP, 0 * lean, 0 * lean)
    return points


def _head(
    chin: np.ndarray,
    up: np.ndarray,
    ahead: np.ndarray,
    across: np.ndarray,
    nod: np.ndarray,
) -> Points:
    cos, sin = np.cos(nod)[:, None], np.sin(nod)[:, None]
    crown, face = up * cos + ahead * sin, ahead * cos - up * sin
    skull = chin + crown * SKULL
    points = {"chin": chin + face * 0.02, "skull": skull}
    points["hair"] = skull + crown * 0.03 - face * 0.03
    for side, sign in SIDES.items():
        points[f"{side}_eye"] = (
            skull - crown * 0.01 + face * 0.087 + across * sign * 0.04
        )
    return points


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
