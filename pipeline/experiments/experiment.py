"""An experiment in progress: its run, its folder and its resources."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.fanout import Resources
from pipeline.progress import count_of
from pipeline.run.notes import notes
from pipeline.run.run import Run


@dataclass(frozen=True)
class ExperimentRun:
    """One table or figure in progress."""

    run: Run
    folder: Path  # where the files are written
    resources: Resources  # for its trainings
    section: str  # of soda.toml, for its workers
    inputs: str  # digest of everything that it depends on

    @property
    def seeds(self) -> range:
        """The seeds of its trainings."""
        first = self.run.config.train.seed
        return range(first, first + self.run.config.experiment.seeds)

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about the features, for readers who compare the scores."""
        return notes(self.run)

    @property
    def note(self) -> str:
        """A sentence about the scores: videos, seeds, tIoU thresholds, features."""
        run = self.run
        subset, videos = run.config.detect.subset, len(run.searched_videos)
        tious = run.config.evaluate.tiou
        return (
            f"{run.dataset.name}, {count_of(videos, f'{subset} video')}, "
            f"{count_of(run.config.experiment.seeds, 'seed')}, mean ± standard "
            f"deviation; the average is over tIoU {tious[0]:g} to {tious[-1]:g}. "
            f"{'; '.join(self.notes)}."
        )
