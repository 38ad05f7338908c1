import numpy as np
import pytest

from extractors.weights import WeightsError, find_weights
from pipeline.errors import SodaError, VideoError
from pipeline.features.file import read_features
from pipeline.features.jobs import extract_features, stream_features
from pipeline.storage import fingerprint, plain, read_arrays, read_header
from pipeline.video import CachedFlow
from pipeline.video.caching import compute_flow, decode
from tests.video_maker import moving_square_pictures, write_video

FRAMES = 40  # two snippets and a half


@pytest.fixture(scope="module")
def caches(tmp_path_factory):
    folder = tmp_path_factory.mktemp("caches")
    video = folder / "v.mp4"
    write_video(video, moving_square_pictures(FRAMES, range(10, 30)))
    decode([video], folder / "frames.mkv", {"short_side": 64})
    config = {"algorithm": "farneback"}
    compute_flow([folder / "frames.mkv"], folder / "flow.mkv", config)
    return [folder / "frames.mkv", folder / "flow.mkv"]


def recipe(rgb=None, **config):
    """How to make features, the flow stream without a network."""
    return {"config": config, "weights": {"rgb": rgb, "flow": None}}


def features_of(path):
    return read_features(path)[0]


def test_flow_has_a_field_for_every_frame_and_says_how_it_was_made(caches):
    with CachedFlow(caches[1]) as flow:
        assert flow.num_frames == FRAMES
        assert flow.header["flow"]["algorithm"] == "farneback"


def test_hof_features_need_no_network(caches, tmp_path):
    path = tmp_path / "f.safetensors"
    shares = []
    extract_features(caches, path, recipe(streams="flow"), progress=shares.append)
    features, grid = read_features(path)
    assert features.shape == (3, 1024) and features.dtype == np.float32
    assert grid.num_frames == FRAMES and grid.num_snippets == 3
    seconds = read_arrays(path)[0]["snippet_seconds"]
    np.testing.assert_allclose(seconds, [[0, 0.64], [0.64, 1.28], [1.28, 1.92]])
    assert shares == sorted(shares) and shares[-1] == 1


def test_features_made_in_another_way_are_refused_with_both_fingerprints(
    caches, tmp_path
):
    path = tmp_path / "f.safetensors"
    made_by = {"features": {"stride_frames": 16}, "decode": {"fps": 25.0}}
    header = {"made_by": made_by}
    extract_features(caches, path, recipe(streams="flow") | header)
    assert read_features(path, made_by)[0].shape == (3, 1024)
    other = {**made_by, "features": {"stride_frames": 8}}
    message = (
        rf"f\.safetensors: expected .* {fingerprint(other)}, found "
        rf"{fingerprint(made_by)}.* features\.stride_frames \(expected 8, found 16\)"
    )
    with pytest.raises(SodaError, match=message):
        read_features(path, other)


def test_a_broken_file_of_features_is_named(caches, tmp_path):
    path = tmp_path / "f.safetensors"
    extract_features(caches, path, recipe(streams="flow"))
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(SodaError, match=r"f\.safetensors: .* found a broken one"):
        read_features(path)


def test_the_tail_is_padded_or_dropped(caches, tmp_path):
    for tail, snippets in (("pad", 3), ("drop", 2)):
        path = tmp_path / f"{tail}.safetensors"
        extract_features(caches, path, recipe(streams="flow", tail=tail))
        assert len(features_of(path)) == snippets


def test_flow_that_does_not_fit_the_frames_is_named(caches, tmp_path):
    short = tmp_path / "short.mp4"
    write_video(short, moving_square_pictures(10, range(2, 8)))
    decode([short], tmp_path / "frames.mkv", {"short_side": 64})
    with pytest.raises(VideoError, match=r"expected 10 flow fields, .*found 40"):
        extract_features(
            [tmp_path / "frames.mkv", caches[1]],
            tmp_path / "f.safetensors",
            recipe(streams="flow"),
        )
    assert not (tmp_path / "f.safetensors").exists()


@pytest.fixture(scope="module")
def rgb_weights():
    try:
        return plain(find_weights("rgb"))
    except WeightsError as error:
        pytest.skip(str(error))


@pytest.mark.slow
def test_both_streams_stand_side_by_side_and_are_reused(caches, tmp_path, rgb_weights):
    both = tmp_path / "both" / "v.safetensors"
    identities = {"rgb": "rgb identity", "flow": "flow identity"}
    extract_features(caches, both, recipe(rgb_weights) | {"identities": identities})
    features = features_of(both)
    assert features.shape == (3, 2048)
    assert features[:, :1024].std() > 0.01 and features[:, 1024:].std() > 0.01
    assert read_header(both)["weights"]["rgb"]["sha256"] == rgb_weights["sha256"]

    def again(folder, identity):
        path = tmp_path / folder / "v.safetensors"
        extract_features(
            caches[:1],
            path,
            recipe(rgb_weights, streams="rgb")
            | {"identities": {"rgb": identity}, "siblings": [str(both.parent)]},
        )
        return features_of(path)

    np.testing.assert_array_equal(again("same", "rgb identity"), features[:, :1024])
    # Made anew where the making differs; the network gives the same once more.
    np.testing.assert_array_equal(again("other", "another"), features[:, :1024])


@pytest.mark.slow
def test_rgb_features_do_not_read_the_flow(caches, tmp_path, rgb_weights):
    path = tmp_path / "f.safetensors"
    extract_features(caches[:1], path, recipe(rgb_weights, streams="rgb"))
    assert features_of(path).shape == (3, 1024)


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    path = tmp_path_factory.mktemp("stream") / "v.mp4"
    write_video(path, moving_square_pictures(70, range(10, 50)))
    return path


DECODE = {"short_side": 64}
FLOW = {"algorithm": "tvl1"}


def through_caches(video, folder, made_by):
    frames, flow, output = (folder / name for name in ("f.mkv", "w.mkv", "f.st"))
    decode([video], frames, DECODE)
    compute_flow([frames], flow, FLOW)
    extract_features([frames, flow], output, made_by)
    return output


def streamed(video, folder, made_by, **arguments):
    output = folder / "s.st"
    stream_features([video], output, DECODE, FLOW, made_by, **arguments)
    return output


@pytest.mark.parametrize("tail", ["pad", "drop"])
@pytest.mark.parametrize(("frames", "stride"), [(16, 16), (16, 4), (8, 20)])
def test_streamed_features_are_those_of_the_caches_to_the_byte(
    video, tmp_path, frames, stride, tail
):
    made_by = recipe(
        streams="flow", snippet_frames=frames, stride_frames=stride, tail=tail
    )
    cached = through_caches(video, tmp_path, made_by)
    assert streamed(video, tmp_path, made_by).read_bytes() == cached.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_both_streams_are_the_same_to_the_byte(video, tmp_path, rgb_weights, precision):
    made_by = recipe(rgb_weights, precision=precision)
    cached = through_caches(video, tmp_path, made_by)
    output = streamed(video, tmp_path, made_by)
    assert output.read_bytes() == cached.read_bytes()
    assert features_of(output).shape == (5, 2048)


def test_streaming_tells_how_far_it_is(video, tmp_path):
    shares = []
    streamed(video, tmp_path, recipe(streams="flow"), progress=shares.append)
    assert shares == sorted(shares) and shares[-1] == 1


def test_a_truncated_video_leaves_no_streamed_features(video, tmp_path):
    cut = tmp_path / "cut.avi"
    write_video(cut, moving_square_pictures(70, range(10, 50)))
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size * 2 // 3])
    with pytest.raises(VideoError, match=r"cut\.avi"):
        streamed(cut, tmp_path, recipe(streams="flow"))
    assert not (tmp_path / "s.st").exists()


def test_annotations_beyond_the_end_are_named_before_the_work(video, tmp_path):
    with pytest.raises(VideoError, match="the last annotation"):
        streamed(video, tmp_path, recipe(streams="flow"), last_annotated_seconds=60.0)


def test_ready_streams_are_taken_over_without_a_second_pass(video, tmp_path):
    own = {"identities": {"flow": "flow identity"}}
    first = streamed(video, tmp_path, recipe(streams="flow") | own)
    target = tmp_path / "again" / first.name
    again = recipe(streams="flow") | own | {"siblings": [str(tmp_path)]}
    stream_features([video], target, DECODE, {"algorithm": "dis"}, again)
    np.testing.assert_array_equal(features_of(target), features_of(first))
