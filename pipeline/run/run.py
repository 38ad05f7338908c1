"""One run: the dataset, clicks, weights and device that a user asked for."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import inf
from pathlib import Path
from typing import Any, Literal, get_args

from extractors.weights import Stream, Weights
from pipeline.datasets import Dataset, Instance, Video, dataset_name, load_dataset
from pipeline.datasets.simulated import SIMULATED, simulated_dataset
from pipeline.device import choose_device
from pipeline.errors import AnnotationError, UsageError
from pipeline.fanout import SlurmConfig
from pipeline.features.weights import Part, choose_weights
from pipeline.points.human import (
    NO_FILE,
    HumanClicks,
    gather_clicks,
    saved_clicks,
)
from pipeline.progress import shown
from pipeline.run.config import Config, config_from_json
from pipeline.run.options import RunOptions, make_options
from pipeline.storage import fingerprint, plain

Origin = Literal["videos", "imported", "simulation"]

# The sections of the configuration that say how features come about, by their origin.
ORIGINS: dict[str, Origin] = {
    "decode": "videos",
    "flow": "videos",
    "features": "videos",
    "imported": "imported",
    "simulation": "simulation",
}
# Counts up when a stage's result changes for reasons that no parameter shows.
FORMAT = 3


@dataclass(frozen=True)
class Run:
    """A run as its user asked for it. It knows no stage: see `pipeline.run.stage`."""

    options: RunOptions
    config: Config
    slurm: Mapping[str, SlurmConfig] | None = None  # by section; None: this machine

    # Of the stages that were asked for, as every path needs them.
    fingerprints: dict[Any, str] = field(
        default_factory=dict, init=False, compare=False
    )
    folders: dict[Any, Path] = field(default_factory=dict, init=False, compare=False)

    def to_json(self, section: str) -> dict[str, Any]:
        """Return the run as JSON for a worker of a stage, which starts no workers.

        The stage's section in soda.toml decides about the worker's GPU.
        """
        device = self.device_of(section)
        options = replace(self.options, device=device, jobs=1, cluster="local")
        return {"options": plain(options), "config": plain(self.config)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Run":
        """Return the run that `to_json` wrote."""
        config = config_from_json(values["config"])
        return cls(make_options(**values["options"]), config)

    @cached_property
    def workdir(self) -> Path:
        """The folder of all outputs."""
        dataset = Path(self.options.dataset)
        return self.options.workdir or Path("work", dataset_name(dataset))

    @cached_property
    def dataset(self) -> Dataset:
        """The dataset, read once.

        Raises:
            UsageError: A timeline is missing, or is given for another dataset.
        """
        timeline = self.options.timeline
        if self.is_simulated:
            return simulated_dataset(timeline, self.config.simulation)
        if timeline:
            raise UsageError(
                f"--timeline {timeline} is for --dataset {SIMULATED}; leave it out"
            )
        features, videos = self.options.features_dir, self.options.videos
        return load_dataset(
            self.options.dataset,
            videos,
            self.options.data_dir,
            self.options.thumos14_list,
            with_videos=features is None or videos is not None,
        )

    @property
    def origin(self) -> Origin:
        """The origin of the features: videos, another system's files, or a drawing."""
        if self.is_simulated:
            return "simulation"
        return "videos" if self.options.features_dir is None else "imported"

    @cached_property
    def saved_clicks(self) -> Path | None:
        """The file of the annotation page, which is used without --points-file.

        Raises:
            UsageError: There are several.
        """
        return None if self.options.points_file else saved_clicks(self.dataset)

    @cached_property
    def human_clicks(self) -> HumanClicks | None:
        """People's clicks, read once: those of files, and the dataset's own.

        None if nobody has clicked in a training video, unless files are given.

        Raises:
            UsageError: A frame rate is given without files, or is not positive.
            InputNotFoundError: There is no such file.
            AnnotationError: The clicks cannot be used.
        """
        asked, fps = self.options.points_file, self.options.points_fps
        given = "" if asked == NO_FILE else asked
        source = given or self.saved_clicks
        if fps is not None and not source:
            raise UsageError("--points-fps is for --points-file; leave it out")
        if fps is not None and not 0 < fps < inf:
            raise UsageError(
                f"--points-fps {fps:g}: expected frames per second, above 0"
            )
        seed = self.config.points.seed
        found = gather_clicks(self.dataset, source, seed, may_be_empty=not given)
        return found if found and (given or found.in_training(self.dataset)) else None

    @cached_property
    def clicks_digest(self) -> str | None:
        """A hash of people's clicks in training videos; None if nobody has looked.

        Files and places in them have no part in it: only what a model learns.
        """
        human, videos = self.human_clicks, self.dataset.of_subset("train")
        clicked = human.in_training(self.dataset) if human else {}
        looked_at = [video.id for video in videos if video.points is not None]
        found = {
            id: sorted([c.label, c.start, c.end, c.unit] for c in clicked.get(id, ()))
            for id in (*looked_at, *clicked)
        }
        return fingerprint([found, self.options.points_fps]) if found else None

    @property
    def is_simulated(self) -> bool:
        """True if features are drawn over annotations, because there are no videos."""
        return self.options.dataset == SIMULATED

    @property
    def weight_files(self) -> dict[Part, Path]:
        """The weight files that the user named, by the part they play."""
        given = {part: vars(self.options)[f"{part}_weights"] for part in get_args(Part)}
        return {part: path for part, path in given.items() if path}

    @cached_property
    def weights(self) -> dict[Part, Weights | None]:
        """The weights by part: a stream or the flow; None means weight-free `hof`.

        Empty if no network here makes the features.

        Raises:
            WeightsError: The weights of a network are not available.
        """
        if self.origin != "videos":
            return {}
        config, files = self.config.features, self.weight_files
        raft: tuple[Part, ...] = ("raft",) if self.uses_raft else ()
        return {
            part: choose_weights(
                part, config.extractor, config.flow_features, files.get(part)
            )
            for part in (*config.stream_names, *raft)
        }

    @property
    def uses_flow(self) -> bool:
        """True if a stream of the features is made from optical flow here."""
        return self.origin == "videos" and "flow" in self.config.features.stream_names

    @property
    def uses_raft(self) -> bool:
        """True if a network computes the flow."""
        return self.uses_flow and self.config.flow.algorithm == "raft"

    @cached_property
    def device(self) -> str:
        """The name of the device that networks run on.

        Raises:
            UsageError: The device does not exist here.
        """
        return choose_device(self.options.device)

    def device_of(self, section: str) -> str:
        """Return the name of the device that the workers of a stage use.

        The machine that submits to a cluster may have no GPU itself: there, the stage's
        section of soda.toml decides.
        """
        if self.slurm is None:
            return self.device
        if self.options.device != "auto":
            return self.options.device
        return "cuda" if self.slurm[section].gpus else "cpu"

    def uses(self, section: str) -> bool:
        """Return whether a section has a part in features of this run's origin."""
        return ORIGINS.get(section, self.origin) == self.origin

    def parameters_of(self, sections: Iterable[str]) -> dict[str, Any]:
        """Return what the fingerprint of a stage with these sections hashes."""
        values = {name: plain(getattr(self.config, name)) for name in sections}
        if "features" in values:
            # Open choices are replaced by their answers: the streams and the kind of
            # flow features by the weights, the length by the extractor.
            del values["features"]["flow_features"], values["features"]["streams"]
            values["features"]["snippet_frames"] = self.config.features.snippet_length
        if "imported" in values:
            values["imported"]["folder"] = str(self.options.features_dir)
            values["imported"]["streams"] = self.config.features.streams
        used: dict[Part, Weights | None] = {}
        if "features" in values:
            used = self.weights
        elif "flow" in values and self.uses_raft:
            used = {"raft": self.weights["raft"]}
        weights = {part: w.sha256 if w else "hof" for part, w in used.items()}
        return {"format": FORMAT, **values, **({"weights": weights} if weights else {})}

    def with_stream(self, stream: Stream) -> "Run":
        """Return a run whose features are one stream alone."""
        alone = replace(self.config.features, streams=stream)
        return replace(self, config=replace(self.config, features=alone))

    @property
    def searched_videos(self) -> tuple[Video, ...]:
        """The videos that are searched for actions."""
        return self.dataset.of_subset(self.config.detect.subset)

    @property
    def ground_truth(self) -> dict[str, tuple[Instance, ...]]:
        """The annotated segments of the searched videos by id, ambiguous ones too."""
        return {v.id: (*v.instances, *v.ambiguous) for v in self.searched_videos}

    @property
    def is_scored(self) -> bool:
        """True if any searched video has annotated segments."""
        return any(video.instances for video in self.searched_videos)

    def check_scored(self) -> None:
        """Refuse to score videos without ground truth, before any work is done.

        Raises:
            AnnotationError: No searched video has a segment, or none has a file.
        """
        subset, searched = self.config.detect.subset, self.searched_videos
        if not self.is_scored:
            counts = Counter(v.subset for v in self.dataset.videos if v.instances)
            others = [f"{count} {name}" for name, count in counts.items()]
            raise AnnotationError(
                f"{self.dataset.source}: no {subset} video has segments "
                f"({shown(v.id for v in searched) or 'there is none'}), so nothing can "
                f"be scored; videos with segments: {', '.join(others) or 'none'}; "
                "annotate segments, or run Report in place of Evaluate, which shows "
                "the detections without them"
            )
        if self.origin == "videos" and not any(v.path.exists() for v in searched):
            raise AnnotationError(
                f"{self.dataset.source}: expected the files of the {subset} videos, "
                f"found none of {shown(str(v.path) for v in searched)}; check the paths"
            )
