"""A whole dataset looked at: its files, its problems, and what is worth a note."""

from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.check.facts import Facts, Findings, gather_facts
from pipeline.check.rules import notes_of, problems_of
from pipeline.datasets import Dataset, DatasetError, Problem, load_dataset


@dataclass(frozen=True)
class Check:
    """What came out; a dataset without problems is worth a run."""

    dataset: Dataset
    findings: Findings  # by path
    problems: list[Problem]
    notes: list[Problem]

    @property
    def hours(self) -> float:
        """The length of all videos that can be read."""
        found = [f for f in self.findings.values() if isinstance(f, Facts)]
        return sum(facts.duration_seconds for facts in found) / 3600

    def file_of(self, problem: Problem) -> Path:
        """The file that a problem is about: a video, or the annotations."""
        return self._paths.get(problem.video_id, self.dataset.source)

    def to_json(self) -> dict[str, Any]:
        """All of it, as JSON can hold it."""
        return {
            "dataset": self.dataset.name,
            "source": str(self.dataset.source),
            "classes": list(self.dataset.classes),
            "videos": [
                {
                    "id": video.id,
                    "subset": video.subset,
                    "path": str(video.path),
                    "stated_seconds": video.duration_seconds,
                    "facts": asdict(facts) if isinstance(facts, Facts) else None,
                }
                for video in self.dataset.videos
                for facts in [self.findings[video.path]]
            ],
            "problems": [self._to_json(problem) for problem in self.problems],
            "notes": [self._to_json(note) for note in self.notes],
        }

    @cached_property
    def _paths(self) -> dict[str, Path]:
        return {video.id: video.path for video in self.dataset.videos}

    def _to_json(self, problem: Problem) -> dict[str, str]:
        return {**problem._asdict(), "file": str(self.file_of(problem))}


def check_dataset(
    name: str, videos_folder: Path | None, data_folder: Path, jobs: int
) -> Check:
    """Look at every video of a dataset and compare it with the annotations.

    Args:
        name: As for `load_dataset`, and the two folders too.
        videos_folder: Where the videos are, for annotations that do not say.
        data_folder: Where datasets that have a name lie.
        jobs: Worker processes.

    Raises:
        SodaError: The annotations cannot be read at all.
    """
    try:
        dataset = load_dataset(name, videos_folder, data_folder)
    except DatasetError as error:
        dataset = error.dataset
    paths = [video.path for video in dataset.videos]
    hashed = {video.path for video in dataset.videos if video.sha256}
    findings = gather_facts(paths, jobs, "check", hashed)
    return Check(
        dataset=dataset,
        findings=findings,
        problems=problems_of(dataset, findings),
        notes=notes_of(dataset, findings),
    )
