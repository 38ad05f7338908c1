"""The kernels of `kernels.c`, compiled when the project is installed."""

import ctypes
import importlib.util

import cv2

from extractors.flow.tvl1.level import Image, Level

_spec = importlib.util.find_spec("extractors.flow.tvl1._kernels")
if _spec is None or _spec.origin is None:
    raise ImportError("kernels.c was not compiled: there was no C compiler")

_library = ctypes.CDLL(_spec.origin)
_pointer, _integer, _number = ctypes.c_void_p, ctypes.c_long, ctypes.c_float
_size = [_integer, _integer]  # height, width

_library.differentiate.argtypes = [_pointer, *_size, _pointer]
_library.differentiate.restype = None
_library.linearise.argtypes = [_pointer, *_size, _integer, *[_pointer] * 3]
_library.linearise.restype = None
_library.iterate.argtypes = [_pointer, *_size, _integer, *[_number] * 4, _integer]
_library.iterate.restype = _number
_library.median.argtypes = [_pointer, *_size, _integer, _pointer]
_library.median.restype = ctypes.c_int


def differentiate(image: Image, level: Level) -> None:
    """Set the level's taps: an image and its central differences."""
    _library.differentiate(image.ctypes.data, *image.shape, level.taps.ctypes.data)


def linearise(level: Level) -> None:
    """Warp the taps by the flow, bicubically, and set the data term."""
    _library.linearise(
        level.planes.ctypes.data,
        *level.first.shape,
        level.planes.shape[-1],
        level.first.ctypes.data,
        level.taps.ctypes.data,
        level.scratch.ctypes.data,
    )


def iterate(
    level: Level,
    bound: float,
    theta: float,
    step: float,
    still: float,
    most: int,
) -> float:
    """Iterate until the flow converges; return the last sum of squared changes."""
    change: float = _library.iterate(
        level.planes.ctypes.data,
        *level.first.shape,
        level.planes.shape[-1],
        bound,
        theta,
        step,
        still,
        most,
    )
    return change


def median(level: Level, pixels: int) -> None:
    """Apply a median filter to the flow, in place."""
    stride = level.planes.strides[0] // level.planes.itemsize
    scratch = level.scratch.ctypes.data
    for field in (level.u, level.v):
        done = pixels == 5 and _library.median(
            field.ctypes.data, *field.shape, stride, scratch
        )
        if not done:
            cv2.medianBlur(field, pixels, dst=field)
