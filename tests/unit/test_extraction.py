import numpy as np
import pytest

from extractors.weights import WeightsError, find_weights
from pipeline.caching import compute_flow, decode
from pipeline.errors import VideoError
from pipeline.extraction import extract_features, read_features
from pipeline.storage import plain, read_arrays, read_header
from pipeline.video import CachedFlow
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


def features_of(path):
    return read_features(path)[0]


def test_flow_has_a_field_for_every_frame_and_says_how_it_was_made(caches):
    with CachedFlow(caches[1]) as flow:
        assert flow.num_frames == FRAMES
        assert flow.header["flow"]["algorithm"] == "farneback"


def test_hof_features_need_no_network(caches, tmp_path):
    path = tmp_path / "f.safetensors"
    shares = []
    extract_features(
        caches, path, {"streams": "flow"}, {"flow": None}, progress=shares.append
    )
    features, grid = read_features(path)
    assert features.shape == (3, 1024) and features.dtype == np.float32
    assert grid.num_frames == FRAMES and grid.num_snippets == 3
    seconds = read_arrays(path)[0]["snippet_seconds"]
    np.testing.assert_allclose(seconds, [[0, 0.64], [0.64, 1.28], [1.28, 1.92]])
    assert shares == sorted(shares) and shares[-1] == 1


def test_the_tail_is_padded_or_dropped(caches, tmp_path):
    for tail, snippets in (("pad", 3), ("drop", 2)):
        path = tmp_path / f"{tail}.safetensors"
        config = {"streams": "flow", "tail": tail}
        extract_features(caches, path, config, {"flow": None})
        assert len(features_of(path)) == snippets


def test_flow_that_does_not_fit_the_frames_is_named(caches, tmp_path):
    short = tmp_path / "short.mp4"
    write_video(short, moving_square_pictures(10, range(2, 8)))
    decode([short], tmp_path / "frames.mkv", {"short_side": 64})
    with pytest.raises(VideoError, match="expected 10 pictures, one a frame, found 40"):
        extract_features(
            [tmp_path / "frames.mkv", caches[1]],
            tmp_path / "f.safetensors",
            {"streams": "flow"},
            {"flow": None},
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
    weights = {"rgb": rgb_weights, "flow": None}
    identities = {"rgb": "rgb identity", "flow": "flow identity"}
    extract_features(caches, both, {}, weights, identities=identities)
    features = features_of(both)
    assert features.shape == (3, 2048)
    assert features[:, :1024].std() > 0.01 and features[:, 1024:].std() > 0.01
    assert read_header(both)["weights"]["rgb"]["sha256"] == rgb_weights["sha256"]

    def again(folder, identity):
        path = tmp_path / folder / "v.safetensors"
        extract_features(
            caches[:1],
            path,
            {"streams": "rgb"},
            {"rgb": rgb_weights},
            identities={"rgb": identity},
            siblings=[str(both.parent)],
        )
        return features_of(path)

    np.testing.assert_array_equal(again("same", "rgb identity"), features[:, :1024])
    # Made anew where the making differs; the network gives the same once more.
    np.testing.assert_array_equal(again("other", "another"), features[:, :1024])


@pytest.mark.slow
def test_rgb_features_do_not_read_the_flow(caches, tmp_path, rgb_weights):
    path = tmp_path / "f.safetensors"
    extract_features(caches[:1], path, {"streams": "rgb"}, {"rgb": rgb_weights})
    assert features_of(path).shape == (3, 1024)
