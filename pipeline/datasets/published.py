"""The files that the benchmarks' authors publish: their addresses and checks."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.datasets.class_files import ClassFiles
from pipeline.datasets.release import Release
from pipeline.errors import UsageError

# The second is plain HTTP, as the certificate of the first has lapsed at times.
THUMOS14_SERVERS = (
    "https://www.crcv.ucf.edu/THUMOS14",
    "http://crcv.ucf.edu/THUMOS14",
)
ACTIVITYNET_PAGE = "http://activity-net.org/download.html"
ACTIVITYNET_FORM = (
    "https://docs.google.com/forms/d/e/"
    "1FAIpQLSeKaFq9ZfcmZ7W0B0PbEhfbTHY41GeEgwsa7WobJgGUhn4DTQ/viewform"
)
ACTIVITYNET_SERVER = "http://ec2-52-25-205-214.us-west-2.compute.amazonaws.com/files"
ACTIVITYNET_REPOSITORY = (
    "https://raw.githubusercontent.com/activitynet/ActivityNet/master/Evaluation/data"
)
CUHK_REPOSITORY = "https://raw.githubusercontent.com/yjxiong/anet2016-cuhk/master/data"

THUMOS14_VIDEOS = f"""\
The videos of THUMOS14 are available from its authors only: fill in the request form on
{THUMOS14_SERVERS[0]}/download.html
and download the validation and the test videos. Only the 200 validation and the 213
test videos with temporal annotations are used."""

ACTIVITYNET_VIDEOS = f"""\
The videos of ActivityNet are available from its authors only, for research: fill in the
form {ACTIVITYNET_FORM}
that {ACTIVITYNET_PAGE} links to.
You get a link to all videos, which is valid for some days."""


@dataclass(frozen=True)
class PublishedFile:
    """One published annotation file."""

    name: str
    kind: str  # with its article, for messages
    urls: tuple[str, ...]  # the authors' own first
    check: Callable[[Path], None]  # raises ValueError with what it expected and found
    known_by: str  # what `check` compares
    unpacked: ClassFiles | None = None  # the content of an archive


@dataclass(frozen=True)
class PublishedDataset:
    """The published files of one benchmark."""

    name: str
    files: tuple[PublishedFile, ...]
    videos: str  # instructions for getting them


def published_dataset(name: str) -> PublishedDataset:
    """Return the benchmark with a name.

    Raises:
        UsageError: If there is none. The message lists the known ones.
    """
    for dataset in PUBLISHED:
        if dataset.name == name:
            return dataset
    names = ", ".join(dataset.name for dataset in PUBLISHED)
    raise UsageError(f"{name}: expected one of the published datasets, {names}")


def _class_files(content: ClassFiles, *paths: str) -> PublishedFile:
    """Describe an archive by its paths on the servers; one has two spellings."""
    return PublishedFile(
        name=paths[0].rpartition("/")[2],
        kind="a zip archive",
        urls=tuple(f"{server}/{path}" for server in THUMOS14_SERVERS for path in paths),
        check=content.check_archive,
        known_by="the sha256 of its class files",
        unpacked=content,
    )


def _release(name: str, servers: tuple[str, ...], content: Release) -> PublishedFile:
    return PublishedFile(
        name=name,
        kind="a JSON file",
        urls=tuple(f"{server}/{name}" for server in servers),
        check=content.check,
        known_by=f"its counts, as no hash is published: {content}",
    )


THUMOS14 = PublishedDataset(
    name="thumos14",
    files=(
        _class_files(
            ClassFiles(
                suffix="_val",
                digest="440cdf9b737f757ad86769b44f1ceeb33af562ebf7108c73ec1cf1b1dd69c09f",
            ),
            "Validation_set/TH14_Temporal_annotations_validation.zip",
        ),
        _class_files(
            ClassFiles(
                suffix="_test",
                digest="8659f6564ec2f42598785dd849b068527cd26f97ed2d07c563837d57a1c8255e",
            ),
            "test_set/TH14_Temporal_annotations_test.zip",
            "test_set/TH14_Temporal_Annotations_Test.zip",
        ),
    ),
    videos=THUMOS14_VIDEOS,
)

ACTIVITYNET_1_2 = PublishedDataset(
    name="activitynet1.2",
    files=(
        _release(
            "activity_net.v1-2.min.json",
            (ACTIVITYNET_SERVER, CUHK_REPOSITORY),
            Release(
                classes=100,
                videos={"training": 4819, "validation": 2383, "testing": 2480},
                instances={"training": 7151, "validation": 3582},
            ),
        ),
    ),
    videos=ACTIVITYNET_VIDEOS,
)

ACTIVITYNET_1_3 = PublishedDataset(
    name="activitynet1.3",
    files=(
        _release(
            "activity_net.v1-3.min.json",
            (ACTIVITYNET_REPOSITORY, ACTIVITYNET_SERVER, CUHK_REPOSITORY),
            Release(
                classes=200,
                videos={"training": 10024, "validation": 4926, "testing": 5044},
                instances={"training": 15410, "validation": 7654},
            ),
        ),
    ),
    videos=ACTIVITYNET_VIDEOS,
)

PUBLISHED = (THUMOS14, ACTIVITYNET_1_2, ACTIVITYNET_1_3)
