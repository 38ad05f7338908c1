"""The files that the benchmarks' authors publish: their addresses and checks."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from extractors.first_use import check_first_use
from extractors.sources import sha256
from pipeline.datasets.class_files import ClassFiles
from pipeline.errors import UsageError, in_words

# The second is plain HTTP, as the certificate of the first has lapsed at times. That is
# safe because the sha256 of the class files is known. All other addresses are HTTPS.
THUMOS14_SERVERS = (
    "https://www.crcv.ucf.edu/THUMOS14",
    "http://crcv.ucf.edu/THUMOS14",
)
ACTIVITYNET_FORM = (
    "https://docs.google.com/forms/d/e/"
    "1FAIpQLSeKaFq9ZfcmZ7W0B0PbEhfbTHY41GeEgwsa7WobJgGUhn4DTQ/viewform"
)
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
You get a link to all videos, which is valid for some days."""


@dataclass(frozen=True)
class PublishedFile:
    """One published annotation file."""

    name: str
    kind: str  # with its article, for messages
    urls: tuple[str, ...]  # the authors' own first; HTTPS unless `check` has a hash
    check: Callable[[Path], None]  # raises ValueError with what it expected and found
    known_by: str  # what `check` compares
    unpacked: ClassFiles | None = None  # the content of an archive, known by its hash

    def verify(self, content: Path, place: Path) -> None:
        """Raise ValueError unless a file for `place` is the published one."""
        self.check(content)
        if self.unpacked is None:
            check_first_use(place, sha256(content))


@dataclass(frozen=True)
class PublishedDataset:
    """The published files of one benchmark."""

    name: str
    files: tuple[PublishedFile, ...]
    videos: str  # instructions for getting them


@dataclass(frozen=True)
class Release:
    """The counts of an annotation file of ActivityNet, by which it is recognised."""

    classes: int
    videos: Mapping[str, int]  # by subset
    instances: Mapping[str, int]  # by subset; the testing labels are withheld

    def __str__(self) -> str:
        return (
            f"{_sum_text(self.videos)} videos, {_sum_text(self.instances)} instances, "
            f"{self.classes} classes"
        )

    def check(self, path: Path) -> None:
        """Raise ValueError unless a file has the format and these counts."""
        found = count(path)
        if found != self:
            raise ValueError(f"expected {self}, found {found}")


def count(path: Path) -> Release:
    """Count the videos, instances and classes of a file in ActivityNet's format.

    Raises:
        ValueError: If it is not JSON, or not in that format.
    """
    try:
        database = json.loads(path.read_bytes())["database"]
        labels = [
            (video["subset"], instance["label"])
            for video in database.values()
            for instance in video["annotations"]
        ]
        videos = Counter(video["subset"] for video in database.values())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            "expected JSON in ActivityNet's format, found something else "
            f"({in_words(error)})"
        ) from error
    return Release(
        classes=len({label for _, label in labels}),
        videos=dict(videos),
        instances=dict(Counter(subset for subset, _ in labels)),
    )


def _sum_text(numbers: Mapping[str, int]) -> str:
    """Write the sum of some counts, and each of them.

    >>> _sum_text({"training": 4819, "validation": 2383})
    '7,202 (4,819 training, 2,383 validation)'
    """
    parts = ", ".join(f"{number:,} {subset}" for subset, number in numbers.items())
    return f"{sum(numbers.values()):,} ({parts})"


def _class_files(suffix: str, digest: str, *paths: str) -> PublishedFile:
    """Describe an archive by its paths on the servers; one has two spellings."""
    content = ClassFiles(suffix, digest)
    return PublishedFile(
        name=paths[0].rpartition("/")[2],
        kind="a zip archive",
        urls=tuple(f"{server}/{path}" for server in THUMOS14_SERVERS for path in paths),
        check=content.check_archive,
        known_by="the sha256 of its class files",
        unpacked=content,
    )


def _activitynet(
    version: str, servers: tuple[str, ...], content: Release
) -> PublishedDataset:
    """Describe a version of ActivityNet, such as 1.3, which is one file."""
    name = f"activity_net.v{version.replace('.', '-')}.min.json"
    file = PublishedFile(
        name=name,
        kind="a JSON file",
        urls=tuple(f"{server}/{name}" for server in servers),
        check=content.check,
        known_by="its counts, as no hash is published, and by the hash of its first "
        f"use: {content}",
    )
    return PublishedDataset(f"activitynet{version}", (file,), ACTIVITYNET_VIDEOS)


THUMOS14 = PublishedDataset(
    name="thumos14",
    files=(
        _class_files(
            "_val",
            "440cdf9b737f757ad86769b44f1ceeb33af562ebf7108c73ec1cf1b1dd69c09f",
            "Validation_set/TH14_Temporal_annotations_validation.zip",
        ),
        _class_files(
            "_test",
            "8659f6564ec2f42598785dd849b068527cd26f97ed2d07c563837d57a1c8255e",
            "test_set/TH14_Temporal_annotations_test.zip",
            "test_set/TH14_Temporal_Annotations_Test.zip",
        ),
    ),
    videos=THUMOS14_VIDEOS,
)
ACTIVITYNET_1_2 = _activitynet(
    "1.2",
    (CUHK_REPOSITORY,),
    Release(
        classes=100,
        videos={"training": 4819, "validation": 2383, "testing": 2480},
        instances={"training": 7151, "validation": 3582},
    ),
)
ACTIVITYNET_1_3 = _activitynet(
    "1.3",
    (ACTIVITYNET_REPOSITORY, CUHK_REPOSITORY),
    Release(
        classes=200,
        videos={"training": 10024, "validation": 4926, "testing": 5044},
        instances={"training": 15410, "validation": 7654},
    ),
)
PUBLISHED = (THUMOS14, ACTIVITYNET_1_2, ACTIVITYNET_1_3)


def published_dataset(name: str) -> PublishedDataset:
    """Return the benchmark with a name.

    Raises:
        UsageError: If there is none. The message lists the known ones.
    """
    known = {dataset.name: dataset for dataset in PUBLISHED}
    if name not in known:
        names = ", ".join(known)
        raise UsageError(f"{name}: expected one of the published datasets, {names}")
    return known[name]
