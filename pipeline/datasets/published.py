"""What the benchmarks' authors publish: where it is, and what tells it from others."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.datasets.class_files import ClassFiles
from pipeline.datasets.release import Release
from pipeline.errors import UsageError

# The second one, as the certificate of the first has had gaps.
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
The videos of THUMOS14 are its authors' to give: fill in the request form on
{THUMOS14_SERVERS[0]}/download.html
and get the validation and the test videos. Of these, the 200 and the 213 are used
whose actions are annotated in time."""

ACTIVITYNET_VIDEOS = f"""\
The videos of ActivityNet are its authors' to give, for research: fill in the form
{ACTIVITYNET_FORM}
that {ACTIVITYNET_PAGE} links to. The answer is a
link to all of them, open for some days."""


@dataclass(frozen=True)
class PublishedFile:
    """A file of annotations."""

    name: str
    kind: str  # with its article
    urls: tuple[str, ...]  # the authors' own first
    check: Callable[[Path], None]  # raises ValueError: what was expected and found
    known_by: str  # what `check` looks at
    unpacked: ClassFiles | None = None  # what an archive holds


@dataclass(frozen=True)
class PublishedDataset:
    """A benchmark."""

    name: str
    files: tuple[PublishedFile, ...]
    videos: str  # how to get them


def published_dataset(name: str) -> PublishedDataset:
    """The benchmark of a name.

    Raises:
        UsageError: There is none; the message lists them.
    """
    for dataset in PUBLISHED:
        if dataset.name == name:
            return dataset
    names = ", ".join(dataset.name for dataset in PUBLISHED)
    raise UsageError(f"{name}: expected one of the published datasets, {names}")


def _class_files(content: ClassFiles, *paths: str) -> PublishedFile:
    """An archive, by its paths on the servers; one has been spelled in two ways."""
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
