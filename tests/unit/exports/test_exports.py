"""Detections in other tools' forms, read back by those tools or after their papers."""

import html
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import av
import pympi
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.detection.detections import (
    Detection,
    read_detections,
    write_detections,
    write_results,
)
from pipeline.errors import AnnotationError, InputNotFoundError, UsageError
from pipeline.exports import FORMATS, export_detections, strongest
from pipeline.exports.elan import write_eaf
from pipeline.exports.fiftyone import write_fiftyone
from pipeline.exports.label_studio import write_label_studio
from pipeline.exports.media import VideoFiles
from pipeline.exports.subtitles import one_line, srt, vtt, write_srt, write_vtt
from pipeline.storage import read_json
from tests.video_maker import numbered_pictures, write_video

LONGEST_MILLISECONDS = 200 * 3600 * 1000
ID = "a/b ö"  # as a file name: a%2Fb ö

texts = st.text(min_size=1, max_size=6)
times = st.tuples(*[st.integers(0, LONGEST_MILLISECONDS)] * 2).map(sorted)
scores = st.integers(-(10**6), 10**6).map(lambda n: n / 10**6)
found = st.builds(
    lambda label, score, times: Detection(label, score, *(n / 1000 for n in times)),
    texts.filter(lambda text: text.isprintable()),
    scores,
    times,
)
some = st.lists(found, min_size=1, max_size=6)
in_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
JUMP = Detection("jump", 0.9, 1.0, 2.0)
RUN = Detection("run", 0.4, 1.5, 3.0)


def shown(detections):
    """What a player shows of detections, in the order of time."""
    rows = []
    for d in detections:
        start, end = round(d.start_seconds * 1000), round(d.end_seconds * 1000)
        text = f"{one_line(d.label)} {d.score:.3f}"
        rows.append((start, max(end, start + 1), text))
    return sorted(rows)


def read_subtitles(path):
    """The cues of a file, read by FFmpeg, which leaves out what stands twice."""
    with av.open(str(path)) as file:
        packets = [packet for packet in file.demux() if packet.size]
    return {(p.pts, p.pts + p.duration, bytes(p).decode()) for p in packets}


@in_folder
@given(some)
def test_ffmpeg_reads_the_subtitles(tmp_path, detections):
    write_srt(tmp_path, {ID: detections}, VideoFiles())
    cues = read_subtitles(tmp_path / "a%2Fb ö.srt")
    assert cues == set(shown(detections))
    write_vtt(tmp_path, {ID: detections}, VideoFiles())
    cues = read_subtitles(tmp_path / "a%2Fb ö.vtt")
    unescaped = {(start, end, html.unescape(text)) for start, end, text in cues}
    assert unescaped == set(shown(detections))


@pytest.mark.parametrize("stem", ["vidéo", "🏃", "100%", "-a:b", "x" * 251])
def test_subtitles_are_named_like_the_video(tmp_path, stem):
    write_srt(tmp_path / "alone", {stem: [JUMP]}, VideoFiles())
    if len(stem) < 200:
        assert (tmp_path / "alone" / f"{stem}.srt").exists()
    (tmp_path / "videos" / "jump").mkdir(parents=True)
    (tmp_path / "videos" / "jump" / f"{stem}.mp4").touch()
    write_srt(tmp_path / "out", {stem: [JUMP]}, VideoFiles(tmp_path / "videos"))
    assert (tmp_path / "out" / "jump" / f"{stem}.srt").exists()


def test_videos_that_differ_by_their_suffix_have_subtitles_of_their_own(tmp_path):
    for name in ("v.avi", "v.mp4", "w.mp4"):
        (tmp_path / name).touch()
    found = {"v": [JUMP], "v (2)": [RUN], "w": []}
    write_vtt(tmp_path / "out", found, VideoFiles(tmp_path))
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"v.avi.vtt", "v.mp4.vtt", "w.vtt"}


def test_cues_stand_in_the_order_of_time_and_are_never_empty():
    instant = Detection("a\n<b> & c", 0.25, 360000.0, 360000.0)
    early = Detection("d", 0.5, -2.0, 1.2345)
    assert srt([instant, early]) == (
        "1\n00:00:00,000 --> 00:00:01,234\nd 0.500\n\n"
        "2\n100:00:00,000 --> 100:00:00,001\na <b> & c 0.250\n\n"
    )
    assert vtt([instant]) == (
        "WEBVTT\n\n100:00:00.000 --> 100:00:00.001\na &lt;b&gt; &amp; c 0.250\n\n"
    )


def read_fiftyone(path):
    """Read labels as FiftyOne documents its FiftyOneTemporalDetectionDataset."""
    content = read_json(path)
    classes = content.get("classes")
    return {
        uuid: [
            Detection(
                d["label"] if classes is None else classes[d["label"]],
                d["confidence"],
                *d["timestamps"],
            )
            for d in labels
        ]
        for uuid, labels in content["labels"].items()
    }


@in_folder
@given(st.dictionaries(texts, st.lists(found, max_size=4)))
def test_labels_are_as_fiftyone_documents_them(tmp_path, detections):
    write_fiftyone(tmp_path, detections, VideoFiles())
    assert read_fiftyone(tmp_path / "labels.json") == detections


def test_fiftyone_finds_videos_in_nested_folders(tmp_path):
    write_video(tmp_path / "v.mp4", numbered_pictures(2))
    (tmp_path / "test").mkdir()
    (tmp_path / "v.mp4").rename(tmp_path / "test" / "v.mp4")
    write_fiftyone(tmp_path, {"v": [JUMP]}, VideoFiles(tmp_path))
    assert read_fiftyone(tmp_path / "labels.json") == {"test/v": [JUMP]}


@in_folder
@given(some, st.sampled_from([10.0, 25.0, 30000 / 1001]))
def test_label_studios_frames_are_the_nearest(tmp_path, detections, fps):
    path = tmp_path / "tasks.json"
    write_label_studio(path, {ID: detections}, VideoFiles(fps=fps))
    (task,) = read_json(path)
    assert task["data"] == {"video": ID, "fps": fps}
    (prediction,) = task["predictions"]
    best = sorted(detections, key=lambda d: -d.score)
    assert prediction["score"] == best[0].score
    for d, result in zip(best, prediction["result"], strict=True):
        assert (result["type"], result["score"]) == ("timelinelabels", d.score)
        assert result["value"]["timelinelabels"] == [one_line(d.label)]
        # Frames are counted from 1, and the last one belongs to the range.
        (frames,) = result["value"]["ranges"]
        assert (frames["start"] - 1) / fps == pytest.approx(d.start_seconds, abs=51e-3)
        assert frames["start"] <= frames["end"]
        ends = max(d.end_seconds, (frames["start"] - 0.5) / fps)
        assert frames["end"] / fps == pytest.approx(ends, abs=51e-3)


def test_label_studios_configuration_fits_the_tasks(tmp_path):
    path = tmp_path / "tasks.json"
    write_label_studio(path, {"v": [JUMP, RUN], "w": []}, VideoFiles(fps=25))
    view = ElementTree.parse(path.with_suffix(".xml")).getroot()
    timeline, video = view.find("TimelineLabels"), view.find("Video")
    assert [label.get("value") for label in timeline] == ["jump", "run"]
    assert timeline.get("toName") == video.get("name")
    tasks = read_json(path)
    assert video.get("value")[1:] in tasks[0]["data"]
    assert video.get("frameRate")[1:] in tasks[0]["data"]
    for result in tasks[0]["predictions"][0]["result"]:
        assert result["from_name"] == timeline.get("name")
        assert result["to_name"] == video.get("name")
    assert tasks[1]["predictions"][0]["result"] == []


def test_label_studio_takes_the_videos_own_rates(tmp_path, capsys):
    write_video(tmp_path / "a b.mp4", numbered_pictures(20), fps=10)
    write_video(tmp_path / "v.mp4", numbered_pictures(20), fps=25)
    found = {"a b": [JUMP], "v": [JUMP]}
    write_label_studio(tmp_path / "tasks.json", found, VideoFiles(tmp_path))
    first, second = read_json(tmp_path / "tasks.json")
    assert first["data"] == {"video": "/data/local-files/?d=a%20b.mp4", "fps": 10}
    ranges = [
        task["predictions"][0]["result"][0]["value"]["ranges"]
        for task in (first, second)
    ]
    assert ranges == [[{"start": 11, "end": 20}], [{"start": 26, "end": 50}]]
    said = capsys.readouterr().err
    assert "(the videos' own): 10 (1 video), 25 (1 video)" in said


def assert_valid_eaf(document):
    """The rules of EAF 3.0: order, ids, references, times, no overlap in a tier."""
    names = ["HEADER", "TIME_ORDER", "TIER", "LINGUISTIC_TYPE"]
    children = [names.index(child.tag) for child in document]
    assert children == sorted(children) and {0, 1, 3} <= set(children)
    assert document.get("FORMAT") == "3.0"
    slots = {s.get("TIME_SLOT_ID"): s.get("TIME_VALUE") for s in document[1]}
    values = [int(value) for value in slots.values()]
    assert len(slots) == len(document[1]) and values == sorted(values)
    tiers = document.findall("TIER")
    assert len({tier.get("TIER_ID") for tier in tiers}) == len(tiers)
    type_id = document.find("LINGUISTIC_TYPE").get("LINGUISTIC_TYPE_ID")
    ids = []
    for tier in tiers:
        assert tier.get("LINGUISTIC_TYPE_REF") == type_id
        spans = []
        for annotation in tier:
            (alignable,) = annotation
            ids.append(alignable.get("ANNOTATION_ID"))
            references = ("TIME_SLOT_REF1", "TIME_SLOT_REF2")
            spans.append([int(slots[alignable.get(name)]) for name in references])
        assert all(start < end for start, end in spans)
        assert all(a[1] <= b[0] for a, b in pairwise(spans))
    assert len(set(ids)) == len(ids)


@in_folder
@given(some)
def test_pympi_reads_the_tiers(tmp_path, detections):
    write_eaf(tmp_path, {ID: detections}, VideoFiles())
    path = tmp_path / "a%2Fb ö.eaf"
    assert_valid_eaf(ElementTree.parse(path).getroot())
    document = pympi.Eaf(str(path))
    back = [
        annotation
        for tier in document.get_tier_names()
        for annotation in document.get_annotation_data_for_tier(tier)
    ]
    assert sorted(back) == shown(detections)


@in_folder
@given(st.text(max_size=6))
def test_any_label_makes_a_document_that_parses(tmp_path, label):
    write_eaf(tmp_path, {"v": [Detection(label, 0.5, 0.0, 1.0)]}, VideoFiles())
    assert_valid_eaf(ElementTree.parse(tmp_path / "v.eaf").getroot())


def test_what_overlaps_goes_to_another_tier_with_a_name_of_its_own(tmp_path):
    overlapping = [JUMP, JUMP, Detection("jump", 0.5, 2.0, 3.0)]
    namesake = Detection("jump (2)", 0.5, 0.0, 1.0)
    write_eaf(tmp_path, {"v": [*overlapping, namesake]}, VideoFiles())
    document = pympi.Eaf(str(tmp_path / "v.eaf"))
    tiers = {
        tier: len(document.get_annotation_data_for_tier(tier))
        for tier in document.get_tier_names()
    }
    assert tiers == {"jump": 2, "jump (2)": 1, "jump (3)": 1}


def test_a_document_points_to_the_video(tmp_path):
    videos, out = tmp_path / "my videos", tmp_path / "out"
    videos.mkdir()
    write_video(videos / "v.mp4", numbered_pictures(2))
    write_eaf(out, {"v": [JUMP]}, VideoFiles(videos))
    (media,) = pympi.Eaf(str(out / "v.eaf")).media_descriptors
    assert media["MIME_TYPE"] == "video/mp4"
    assert (out / media["RELATIVE_MEDIA_URL"]).resolve() == videos / "v.mp4"
    assert unquote(media["MEDIA_URL"]) == f"file://{videos / 'v.mp4'}"


def test_the_strongest_of_every_video_stay():
    weak = Detection("jump", 0.1, 5.0, 6.0)
    found = {"v": [weak, JUMP, RUN], "w": [weak]}
    assert strongest(found, min_score=0.4) == {"v": [JUMP, RUN], "w": []}
    assert strongest(found, top=1) == {"v": [JUMP], "w": [weak]}
    assert strongest(found) == {"v": [JUMP, RUN, weak], "w": [weak]}


@pytest.mark.parametrize("name", ["d.json", "d.csv"])
@pytest.mark.parametrize("format", ["activitynet", "csv"])
def test_what_is_chosen_can_be_read_again(tmp_path, name, format):
    write_detections(tmp_path / "d.json", {"v": [JUMP, RUN]})
    target = tmp_path / "out" / FORMATS[format].output.name
    export_detections(tmp_path / name, format, target, min_score=0.5)
    assert read_detections(target) == {"v": [JUMP]}
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize(
    ("format", "options", "error", "sentence"),
    [
        ("avi", {}, UsageError, "--format avi: expected one of activitynet, csv, srt"),
        ("srt", {"top": 0}, UsageError, "--top 0: expected 1 or more"),
        ("srt", {"min_score": 0.95}, UsageError, "score of 0.95 or more, found 0.9 at"),
        ("labelstudio", {}, UsageError, "--videos FOLDER, or --fps"),
    ],
)
def test_what_cannot_be_exported_is_named(tmp_path, format, options, error, sentence):
    path = tmp_path / "d.json"
    write_results(path, {"v": [JUMP]})
    with pytest.raises(error) as caught:
        export_detections(path, format, tmp_path / "out", **options)
    assert sentence in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("format", "media", "option"),
    [
        ("srt", VideoFiles(fps=25), "fps"),
        ("csv", VideoFiles(Path("nowhere")), "videos"),
    ],
)
def test_options_without_effect_are_named_and_do_no_harm(
    tmp_path, capsys, format, media, option
):
    path = tmp_path / "d.json"
    write_results(path, {"v": [JUMP]})
    written, _ = export_detections(path, format, tmp_path / "out", media=media)
    assert capsys.readouterr().err == f"--{option} has no effect on {format}\n"
    assert written.exists()


def test_files_that_cannot_be_exported_are_named(tmp_path):
    def export(content):
        path = tmp_path / "d.json"
        path.write_text(content)
        export_detections(path, "srt", tmp_path / "out")

    with pytest.raises(AnnotationError, match="found none in 1 video"):
        export('{"results": {"v": []}}')
    with pytest.raises(AnnotationError, match=r'd\.json: expected {"results"'):
        export('{"database": {}}')
    backward = '{"label": "a", "score": 1, "segment": [2, 1]}'
    with pytest.raises(AnnotationError, match="detections of v: expected a score"):
        export('{"results": {"v": [' + backward + "]}}")
    with pytest.raises(
        InputNotFoundError, match="expected a file of detections, found no such"
    ):
        export_detections(tmp_path / "x.json", "srt")


def test_the_file_that_is_read_is_not_written(tmp_path):
    path = tmp_path / "d.json"
    write_results(path, {"v": [JUMP, RUN]})
    with pytest.raises(UsageError, match="expected a new file, found the input"):
        export_detections(path, "activitynet", path, top=1)


def test_what_is_wrong_with_videos_is_named(tmp_path):
    write_video(tmp_path / "v.mp4", numbered_pictures(2))
    write_results(tmp_path / "d.json", {"v": [JUMP], "w": []})
    for format in ("eaf", "fiftyone", "labelstudio"):
        with pytest.raises(InputNotFoundError, match="the video 'w', found 1 others"):
            out = tmp_path / "out"
            export_detections(
                tmp_path / "d.json", format, out, media=VideoFiles(tmp_path)
            )
        assert not out.exists()
    for fps in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(
            UsageError, match=r"--fps .*: expected a finite number of f"
        ):
            VideoFiles(fps=fps)
