import time

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from extractors.streams import (
    ClipCutter,
    FeatureStream,
    NetworkThreads,
    hof_extractor,
    network_extractor,
)
from pipeline.grid import SnippetGrid


def numbered(count):
    return [np.full((2, 3, 1), n, np.uint16).astype(np.uint8) for n in range(count)]


def cut(pictures, length, stride, tail="pad"):
    cutter = ClipCutter(length, stride, tail)
    clips = [cutter.add(picture) for picture in pictures]
    return [clip for clip in (*clips, cutter.rest()) if clip is not None]


@given(
    st.integers(1, 120),
    st.integers(1, 20),
    st.integers(1, 30),
    st.sampled_from(["pad", "drop"]),
)
def test_clips_are_the_snippets_of_the_grid(count, length, stride, tail):
    grid = SnippetGrid(count, 25.0, length, stride, tail=tail)
    clips = cut(numbered(count), length, stride, tail)
    expected = [
        [min(frame, count - 1) for frame in range(*grid.snippet_frame_range(snippet))]
        for snippet in range(grid.num_snippets)
    ]
    assert [clip[:, 0, 0, 0].tolist() for clip in clips] == expected


def test_no_pictures_give_no_clips():
    assert cut([], 16, 16) == []


@pytest.mark.parametrize(("count", "sizes"), [(8, [2, 2]), (9, [2, 2, 1]), (1, [1])])
def test_every_clip_goes_through_the_network_once(count, sizes):
    batches = []

    def extract(clips):
        batches.append(len(clips))
        return clips[:, 0, 0, 0, :1].astype(np.float32)

    with NetworkThreads(1) as threads:
        stream = FeatureStream(extract, ClipCutter(2, 2), 2, threads)
        for picture in numbered(count):
            stream.add(picture)
        assert stream.finish()[:, 0].tolist() == list(range(0, count, 2))
    assert batches == sizes


def test_features_keep_their_order_whichever_thread_is_first():
    def extract(clips):
        time.sleep(0.02 if clips[0, 0, 0, 0, 0] % 8 == 0 else 0)
        return clips[:, 0, 0, 0, :1].astype(np.float32)

    with NetworkThreads(3) as threads:
        stream = FeatureStream(extract, ClipCutter(2, 2), 2, threads)
        for picture in numbered(60):
            stream.add(picture)
        assert stream.finish()[:, 0].tolist() == list(range(0, 60, 2))


NO_CLIPS = np.zeros((1, 1, 1, 1, 3), np.uint8)


def test_batches_do_not_pile_up_before_a_slow_network():
    running, most = [], []

    def extract(clips):
        most.append(len(running))
        time.sleep(0.01)
        return clips[:, 0, 0, 0, :1].astype(np.float32)

    with NetworkThreads(2) as threads:
        for _ in range(12):
            future = threads.submit(extract, NO_CLIPS)
            running.append(future)
            running = [future for future in running if not future.done()]
    assert max(most) <= 3


def test_a_network_that_fails_ends_the_video_early():
    def extract(clips):
        raise ValueError("no such clip")

    added = 0
    with pytest.raises(ValueError, match="no such clip"), NetworkThreads(1) as threads:
        stream = FeatureStream(extract, ClipCutter(2, 2), 2, threads)
        for picture in numbered(200):
            stream.add(picture)
            added += 1
    assert added < 100


def test_network_threads_give_torch_its_own_back():
    before = torch.get_num_threads()
    with NetworkThreads(2) as threads:
        counted = threads.submit(
            lambda _: np.array([[torch.get_num_threads()]], np.float32), NO_CLIPS
        )
        assert counted.result() == 1
    assert torch.get_num_threads() == before


def network_with_room_for(clips):
    def run(batch):
        if len(batch) > clips:
            raise torch.OutOfMemoryError("too much")
        return batch.flatten(1)[:, :3] * 2

    return run


def test_a_batch_too_large_for_memory_goes_in_halves_and_says_so(caplog):
    batch = np.arange(5 * 48, dtype=np.uint8).reshape(5, 2, 4, 2, 3)

    def prepare(clips):
        return torch.from_numpy(clips).float()

    whole = network_extractor(prepare, network_with_room_for(5))(batch)
    assert not caplog.messages
    halves = network_extractor(prepare, network_with_room_for(3))(batch)
    np.testing.assert_array_equal(halves, whole)
    assert caplog.messages == [
        "not enough memory for 5 clips at once; trying 2, then the rest"
    ]
    with pytest.raises(torch.OutOfMemoryError):
        network_extractor(prepare, network_with_room_for(2))(batch)
    with pytest.raises(torch.OutOfMemoryError):
        network_extractor(prepare, network_with_room_for(0))(batch[:1])


def test_batched_hof_equals_single():
    clip = np.random.default_rng(0).integers(100, 156, (2, 16, 40, 48, 2), np.uint8)
    both = hof_extractor()(clip)
    np.testing.assert_array_equal(both[1], hof_extractor()(clip[1:])[0])
