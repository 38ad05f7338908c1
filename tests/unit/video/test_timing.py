"""Time selection as a pure function, against its definition in words."""

from fractions import Fraction
from itertools import accumulate
from math import ceil, inf

from hypothesis import given
from hypothesis import strategies as st

from pipeline.video.timing import (
    TOLERANCE_SECONDS,
    SteadyClock,
    count_showings,
    first_sample,
    with_next,
)

RATES = st.sampled_from(
    [Fraction(25), Fraction(10), Fraction(60), Fraction(30000, 1001), Fraction(1, 2)]
)
MILLISECONDS = st.integers(0, 5000).map(lambda value: Fraction(value, 1000))
THIRTIETHS = st.integers(0, 90).map(lambda value: Fraction(value, 30))
# Falling starts are no input here: SteadyClock sees to that.
STARTS = st.lists(MILLISECONDS | THIRTIETHS, min_size=1, max_size=40).map(sorted)


def timed(starts, duration):
    """Frames 0, 1, ... that start at these times."""
    return [(index, start, duration) for index, start in enumerate(starts)]


def sampled(starts, duration, fps):
    """The source frame of every sampled frame."""
    showings = count_showings(timed(starts, duration), fps)
    return [index for index, count in showings for _ in range(count)]


def sampled_by_definition(starts, duration, fps):
    """For each k, the last frame that started by k / fps, while any is on screen."""
    chosen = []
    while True:
        now = starts[0] + len(chosen) / fps
        if now + TOLERANCE_SECONDS >= starts[-1] + duration:
            return chosen
        begun = [
            i for i, start in enumerate(starts) if start <= now + TOLERANCE_SECONDS
        ]
        chosen.append(begun[-1])


@given(STARTS, MILLISECONDS.filter(lambda value: value > TOLERANCE_SECONDS), RATES)
def test_sampling_is_what_its_definition_says(starts, duration, fps):
    expected = sampled_by_definition(starts, duration, fps)
    assert sampled(starts, duration, fps) == expected


@given(st.integers(1, 300), RATES)
def test_the_own_rate_gives_every_frame_once(num_frames, fps):
    starts = [index / fps for index in range(num_frames)]
    assert sampled(starts, 1 / fps, fps) == list(range(num_frames))


@given(st.integers(1, 300), st.integers(-1, 1))
def test_times_in_whole_milliseconds_give_every_frame_once(num_frames, wobble):
    fps = Fraction(30000, 1001)
    starts = [Fraction(round(k / fps * 1000 + 5), 1000) for k in range(num_frames)]
    starts[1:] = [start + Fraction(wobble, 2000) for start in starts[1:]]
    assert sampled(starts, 1 / fps, fps) == list(range(num_frames))


def test_slow_frames_are_repeated_and_fast_ones_are_skipped():
    tenths = [Fraction(k, 10) for k in range(3)]
    assert sampled(tenths, Fraction(1, 10), Fraction(25)) == [0, 0, 0, 1, 1, 2, 2, 2]
    sixtieths = [Fraction(k, 60) for k in range(12)]
    assert sampled(sixtieths, Fraction(1, 60), Fraction(25)) == [0, 2, 4, 7, 9]


def test_a_frame_is_never_shown_ahead_of_its_time():
    assert first_sample(Fraction("0.0411"), Fraction(25)) == 2
    assert first_sample(Fraction("0.0410"), Fraction(25)) == 1


@given(st.integers(501, 20000), st.integers(1, 300))
def test_very_fast_frames_are_sampled_exactly_with_a_smaller_tolerance(fps, num_frames):
    frames = timed([Fraction(k, fps) for k in range(num_frames)], Fraction(1, fps))
    half = Fraction(1, 2 * fps)
    own_rate = [count for _, count in count_showings(frames, Fraction(fps), half)]
    assert own_rate == [1] * num_frames
    chosen = [k for k, count in count_showings(frames, Fraction(25), half) if count]
    assert all(
        abs(Fraction(k, fps) - Fraction(i, 25)) < Fraction(1, fps)
        for i, k in enumerate(chosen)
    )
    assert len(chosen) == ceil((Fraction(num_frames, fps) - half) * 25)


def test_nothing_in_nothing_out():
    assert list(count_showings([], Fraction(25))) == []


def told(stamps, end_seconds=None, **options):
    """What the clock says for stamps that stand 1/10 of a second apart, in tenths."""
    end = inf if end_seconds is None else Fraction(end_seconds)
    clock = SteadyClock(end, **options)
    tenth = Fraction(1, 10)
    stamps = [None if stamp is None else stamp * tenth for stamp in stamps]
    times = [clock.tell(now, tenth, then) / tenth for now, then in with_next(stamps)]
    return times, clock.num_jumps


def test_good_times_are_left_alone():
    assert told([3, 4, 6, 6, 20]) == ([3, 4, 6, 6, 20], 0)


def test_missing_times_go_on_by_one_frame():
    assert told([None, None, 5, None]) == ([0, 1, 5, 6], 0)


def test_a_clock_that_starts_again_goes_on():
    assert told([0, 1, 2, 0, 1, 3]) == ([0, 1, 2, 3, 4, 6], 1)


def test_a_single_wrong_time_does_not_shift_the_rest():
    assert told([0, 1, 3, 2, 4, 5]) == ([0, 1, 3, 4, 4, 5], 1)


def test_a_jump_beyond_the_declared_end_is_not_believed():
    assert told([0, 1, 10**9, 10**9 + 1, 4], end_seconds=1) == ([0, 1, 2, 3, 4], 1)


def test_a_long_pause_within_the_declared_length_is_believed():
    assert told([0, 1, 500, 501], end_seconds=60) == ([0, 1, 500, 501], 0)


def test_a_jump_beyond_the_longest_gap_is_not_believed():
    limit = Fraction(600)
    told_times = told([0, 1, 100, 36000], longest_gap_seconds=limit)
    assert told_times == ([0, 1, 100, 101], 1)


def test_what_follows_tells_a_gap_from_a_wrong_time():
    assert told([0, 1, 500, 501], 60) == ([0, 1, 500, 501], 0)
    assert told([0, 1, 500, 2, 3], 60) == ([0, 1, 2, 2, 3], 1)


@given(st.lists(st.integers(1, 36000), min_size=1, max_size=30), st.integers(0, 99))
def test_gaps_within_the_declared_length_move_no_frame(steps, first):
    stamps = list(accumulate(steps, initial=first))
    limit = Fraction(3600)
    told_times = told(stamps, Fraction(stamps[-1], 10), longest_gap_seconds=limit)
    assert told_times == (stamps, 0)


def test_the_longest_step_is_known_with_its_start():
    clock = SteadyClock()
    for seconds in (1, 2, 62, 63):
        clock.tell(Fraction(seconds), Fraction(1))
    assert clock.longest_step == (60, 2)


def test_a_first_frame_without_a_time_begins_where_it_is_told():
    options = {"start_seconds": Fraction(-2, 10)}
    assert told([None, None, 0, 1], **options) == ([-2, -1, 0, 1], 0)
