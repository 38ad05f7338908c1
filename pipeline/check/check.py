"""The check of a whole dataset: facts of its files, problems and notes."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.check.facts import Facts, FactsByPath, gather_facts
from pipeline.check.rules import notes_of, problems_of
from pipeline.datasets import SUBSETS, Dataset, DatasetError, Problem, load_dataset


@dataclass(frozen=True)
class Check:
    """The outcome of a check; a dataset without problems is ready for a run."""

    dataset: Dataset
    findings: FactsByPath  # by path
    problems: list[Problem]
    notes: list[Problem]

    @property
    def hours(self) -> float:
        """The total duration of all readable videos, in hours."""
        found = [f for f in self.findings.values() if isinstance(f, Facts)]
        return sum(facts.duration_seconds for facts in found) / 3600

    def file_of(self, problem: Problem) -> Path:
        """Return the file that a problem concerns: a video, or the annotations."""
        return self._paths.get(problem.video_id, self.dataset.source)

    def to_json(self) -> dict[str, Any]:
        """Return the facts, problems and notes as values for JSON."""
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
                    "facts": facts.to_json() if isinstance(facts, Facts) else None,
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
    name: str, videos_folder: Path | None, data_folder: Path, jobs: int | None = None
) -> Check:
    """Examine every video of a dataset and compare it with the annotations.

    The dataset is named as for `load_dataset`.

    Raises:
        SodaError: The annotations cannot be read at all.
    """
    try:
        dataset = load_dataset(name, videos_folder, data_folder)
    except DatasetError as error:
        dataset = error.dataset
    paths = [video.path for video in dataset.videos]
    hashed = {video.path for video in dataset.videos if video.sha256}
    leaks = all(map(dataset.of_subset, SUBSETS))  # possible from one to the other
    findings = gather_facts(paths, jobs, "check", hashed, sketched=leaks)
    problems, notes = problems_of(dataset, findings), notes_of(dataset, findings)
    return Check(dataset, findings, problems, notes)
