"""Pictures as a player shows them: upright, in shape, in their own colours."""

from fractions import Fraction

import numpy as np
import pytest
from av.video.frame import VideoFrame

from pipeline.video import DecodeConfig, SampledFrames, probe
from pipeline.video.picture import Orientation, RgbConverter
from tests.video_maker import numbered_pictures, read_number, write_video


def marked_pictures(num_frames=5, width=96, height=64):
    """Gray, with the upper left quarter bright."""
    picture = np.full((height, width, 3), 60, np.uint8)
    picture[: height // 2, : width // 2] = 200
    return [picture] * num_frames


def bright_corner(picture):
    """Which corner is bright, as (bottom, right)."""
    height, width = picture.shape[:2]
    corners = picture[[[height // 4], [height * 3 // 4]], [width // 4, width * 3 // 4]]
    return np.unravel_index(corners.mean(axis=2).argmax(), (2, 2))


@pytest.mark.parametrize(
    ("rotation", "corner"),
    [(0, (0, 0)), (90, (1, 0)), (180, (1, 1)), (-90, (0, 1))],
)
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_pictures_are_upright(tmp_path, rotation, corner, suffix):
    path = write_video(tmp_path / f"v{suffix}", marked_pictures(), rotation=rotation)
    frames = SampledFrames(path, DecodeConfig(short_side=64))
    shown = (96, 64) if rotation in (0, 180) else (64, 96)
    picture = next(iter(frames))
    assert (frames.width, frames.height) == shown
    assert picture.shape == (shown[1], shown[0], 3)
    assert bright_corner(picture) == corner
    assert (probe(path).width, probe(path).height) == shown


@pytest.mark.parametrize(("rotation", "corner"), [(0, (0, 1)), (90, (1, 1))])
def test_mirrors_are_seen(tmp_path, rotation, corner):
    path = write_video(
        tmp_path / "v.mp4", marked_pictures(), rotation=rotation, is_mirrored=True
    )
    picture = next(iter(SampledFrames(path, DecodeConfig(short_side=64))))
    assert bright_corner(picture) == corner


def test_an_orientation_is_a_transposition_and_two_mirrors():
    picture = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    assert np.array_equal(Orientation(mirrors_x=True).apply(picture), picture[:, ::-1])
    both = Orientation(is_transposed=True, mirrors_y=True).apply(picture)
    assert np.array_equal(both, np.rot90(picture))
    assert both.flags.c_contiguous


@pytest.mark.parametrize(
    ("stored", "shown"),
    [((96, 64), (384, 256)), ((97, 65), (382, 256)), ((20, 50), (256, 640))],
)
def test_the_short_side_is_scaled_and_the_aspect_kept(tmp_path, stored, shown):
    pictures = numbered_pictures(3, *stored)
    path = write_video(
        tmp_path / "v.mkv", pictures, codec="ffv1", pixel_format="yuv444p"
    )
    frames = SampledFrames(path, DecodeConfig())
    assert (frames.width, frames.height) == shown
    assert [read_number(frame) for frame in frames] == [0, 1, 2]


def test_anamorphic_pictures_are_shown_in_their_display_aspect(tmp_path):
    ratio = Fraction(16, 11)
    path = write_video(tmp_path / "v.mp4", marked_pictures(), sample_aspect_ratio=ratio)
    frames = SampledFrames(path, DecodeConfig(short_side=64))
    assert (frames.width, frames.height) == (140, 64)
    assert (probe(path).width, probe(path).height) == (140, 64)


def test_a_size_that_changes_midway_keeps_the_first_size(tmp_path):
    parts = [
        write_video(tmp_path / f"{width}.h264", numbered_pictures(20, width, height))
        for width, height in [(96, 64), (160, 120)]
    ]
    path = tmp_path / "v.h264"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    frames = list(SampledFrames(path, DecodeConfig(short_side=64)))
    assert {frame.shape for frame in frames} == {(64, 96, 3)}
    assert [read_number(frame) for frame in frames] == [*range(20), *range(20)]


@pytest.mark.parametrize(
    ("codec", "pixel_format"),
    [
        ("libx264", "yuv420p10le"),
        ("libx264", "yuv444p"),
        ("ffv1", "gray"),
        ("ffv1", "gray10le"),
        ("ffv1", "bgra"),
        ("mjpeg", "yuvj420p"),
        ("libx264rgb", "rgb24"),
    ],
)
def test_any_pixel_format_gives_the_same_rgb(tmp_path, codec, pixel_format):
    path = write_video(
        tmp_path / "v.mkv", marked_pictures(), codec=codec, pixel_format=pixel_format
    )
    picture = next(iter(SampledFrames(path, DecodeConfig(short_side=64))))
    np.testing.assert_allclose(picture[16, 24], 200, atol=4)
    np.testing.assert_allclose(picture[48, 72], 60, atol=4)


@pytest.mark.parametrize("short_side", [64, 45])
def test_interlaced_pictures_are_read(tmp_path, short_side):
    path = write_video(tmp_path / "v.ts", numbered_pictures(20), is_interlaced=True)
    frames = SampledFrames(path, DecodeConfig(short_side=short_side))
    assert [read_number(frame) for frame in frames] == list(range(20))


BT709, BT470BG, BT2020 = 1, 5, 9  # AVCOL_SPC_*
LUMA_WEIGHTS = {  # of red and of blue
    BT709: (0.2126, 0.0722),
    BT470BG: (0.299, 0.114),
    BT2020: (0.2627, 0.0593),
}


def yuv_frame(rgb, colorspace, is_full_range, height=48):
    """One colour all over, in yuv420p by the definition of the colour space."""
    red, green, blue = (value / 255 for value in rgb)
    of_red, of_blue = LUMA_WEIGHTS[colorspace]
    luma = of_red * red + (1 - of_red - of_blue) * green + of_blue * blue
    chroma = (blue - luma) / (1 - of_blue) / 2, (red - luma) / (1 - of_red) / 2
    low, span, chroma_span = (0, 255, 255) if is_full_range else (16, 219, 224)
    values = [low + span * luma, *(128 + chroma_span * value for value in chroma)]
    frame = VideoFrame(64, height, "yuv420p")
    for plane, value in zip(frame.planes, values, strict=True):
        plane.update(bytes([round(value)]) * plane.buffer_size)
    frame.color_range = 2 if is_full_range else 1
    return frame


@pytest.mark.parametrize("colorspace", LUMA_WEIGHTS)
@pytest.mark.parametrize("is_full_range", [False, True])
def test_the_named_colours_are_honoured(colorspace, is_full_range):
    frame = yuv_frame((200, 150, 100), colorspace, is_full_range)
    frame.colorspace = colorspace
    picture = RgbConverter(32, 24)(frame)
    np.testing.assert_allclose(picture[12, 16], (200, 150, 100), atol=2)


@pytest.mark.parametrize(("height", "colorspace"), [(718, BT470BG), (720, BT709)])
def test_unnamed_colours_are_those_of_television_of_that_size(height, colorspace):
    frame = yuv_frame((200, 50, 100), colorspace, is_full_range=False, height=height)
    picture = RgbConverter(16, 180)(frame)
    np.testing.assert_allclose(picture[90, 8], (200, 50, 100), atol=2)


@pytest.mark.parametrize("size", [(32, 24), (300, 200), (341, 256)])
def test_scaling_does_not_darken(size):
    frame = yuv_frame((128, 128, 128), BT709, is_full_range=False, height=240)
    luma = frame.planes[0]
    noise = np.random.default_rng(0).integers(60, 200, luma.buffer_size, np.uint8)
    luma.update(noise.tobytes())
    shown = noise.reshape(240, luma.line_size)[:, : frame.width]
    expected = (shown.mean() - 16) * 255 / 219
    assert abs(RgbConverter(*size)(frame).mean() - expected) < 0.3
