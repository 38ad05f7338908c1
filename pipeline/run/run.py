"""One run: what the user asked for, and where everything of it lies on disk."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from math import inf
from pathlib import Path
from typing import Any, Literal

import torch

from extractors.weights import Stream, Weights
from pipeline.datasets import Dataset, Instance, Video, load_dataset
from pipeline.datasets.simulated import SIMULATED, simulated_dataset
from pipeline.device import choose_device, network_resources
from pipeline.errors import AnnotationError, UsageError
from pipeline.fanout import Resources, file_name
from pipeline.features.weights import Part, choose_weights
from pipeline.layout import FILE_STAGES, FOLDERS
from pipeline.points import HumanClicks, read_human_clicks
from pipeline.report import Proxy
from pipeline.run.config import Config, config_from_json
from pipeline.run.record import Record, read_record
from pipeline.storage import fingerprint, plain

Origin = Literal["videos", "imported", "simulation"]

# What stays on disk between the stages: frames and flow too, or features alone.
Cache = Literal["all", "features"]

# Counts up when a stage's result changes for reasons that no parameter shows.
FORMAT = 3


@dataclass(frozen=True)
class Run:
    """Parameters of a run; its folders carry fingerprints of those that matter."""

    dataset_name: str
    config: Config
    workdir: Path
    videos_folder: Path | None = None
    data_folder: Path = Path("data")
    device: str = "auto"
    cache: Cache = "all"
    resources: Resources = field(default_factory=lambda: Resources(jobs=1))
    weight_files: Mapping[Part, Path] = field(default_factory=dict)
    timeline: Path | None = None  # annotations over which features are simulated
    thumos14_list: str = "210"  # which of THUMOS14's test lists
    features_folder: Path | None = None  # of features that somebody else made
    points_source: str = ""  # files of people's clicks, or a folder of them
    points_fps: float | None = None  # of clicks that count frames
    proxy: Proxy = "auto"  # which videos the report shows by a small copy
    compare_with: Path | None = None  # another run's detections, for the report

    def to_json(self, stage: str) -> dict[str, Any]:
        """The run as JSON can hold it, for a stage's worker, which sends no other."""
        run = replace(
            self,
            device=self.device_of(stage),
            resources=Resources(1, self.resources.max_failures),
        )
        return {f.name: plain(getattr(run, f.name)) for f in fields(run)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Run":
        """The inverse of `to_json`."""
        paths = ("videos_folder", "timeline", "features_folder", "compare_with")
        return cls(
            **{
                **values,
                **{name: values[name] and Path(values[name]) for name in paths},
                "config": config_from_json(values["config"]),
                "workdir": Path(values["workdir"]),
                "data_folder": Path(values["data_folder"]),
                "resources": Resources(**values["resources"]),
                "weight_files": {
                    part: Path(path) for part, path in values["weight_files"].items()
                },
            }
        )

    @cached_property
    def dataset(self) -> Dataset:
        """The dataset, read once.

        Raises:
            UsageError: A timeline is missing, or is given for another dataset.
        """
        if self.is_simulated:
            return simulated_dataset(self.timeline, self.config.simulation)
        if self.timeline:
            raise UsageError(
                f"--timeline {self.timeline} is for --dataset {SIMULATED}; leave it out"
            )
        return load_dataset(
            self.dataset_name,
            self.videos_folder,
            self.data_folder,
            self.thumos14_list,
            with_videos=self.features_folder is None or self.videos_folder is not None,
        )

    @property
    def origin(self) -> Origin:
        """What features are made of: videos, others' files, or nothing but drawn."""
        if self.is_simulated:
            return "simulation"
        return "videos" if self.features_folder is None else "imported"

    @cached_property
    def human_clicks(self) -> HumanClicks | None:
        """The clicks of the files given, read once; None where none are.

        Raises:
            UsageError: A frame rate is given without files, or is none.
            InputNotFoundError: There is no such file.
            AnnotationError: The clicks cannot be used.
        """
        if self.points_fps is not None and not self.points_source:
            raise UsageError("--points-fps is for --points-file; leave it out")
        if self.points_fps is not None and not 0 < self.points_fps < inf:
            raise UsageError(
                f"--points-fps {self.points_fps:g}: expected frames a second, above 0"
            )
        if not self.points_source:
            return None
        seed = self.config.points.seed
        return read_human_clicks(self.points_source, self.dataset, seed)

    @property
    def is_simulated(self) -> bool:
        """Whether features are drawn over annotations, as there are no videos."""
        return self.dataset_name == SIMULATED

    @cached_property
    def weights(self) -> dict[Part, Weights | None]:
        """Weights by the part they play; None stands for the weight-free `hof`.

        There are none where no network here makes the features.

        Raises:
            WeightsError: A network was asked for whose weights are not to be had.
        """
        if self.origin != "videos":
            return {}
        features = self.config.features
        parts: list[Part] = [*features.stream_names]
        if self.uses_raft:
            parts.append("raft")
        return {
            part: choose_weights(
                part,
                features.extractor,
                features.flow_features,
                self.weight_files.get(part),
            )
            for part in parts
        }

    @property
    def uses_raft(self) -> bool:
        """Whether a network computes the flow."""
        return "flow" in self.sources and self.config.flow.algorithm == "raft"

    @cached_property
    def torch_device(self) -> torch.device:
        """The device that networks run on.

        Raises:
            UsageError: The device does not exist here.
        """
        return choose_device(self.device)

    def device_of(self, stage: str) -> str:
        """The name of the device that a stage's workers run networks on.

        The machine that sends them to a cluster may have no GPU itself.
        """
        if self.resources.slurm is None:
            return str(self.torch_device)
        if self.device != "auto":
            return self.device
        return "cuda" if self.resources.slurm[stage].gpus else "cpu"

    @property
    def network_resources(self) -> Resources:
        """Resources of a stage that runs networks: a worker for each GPU."""
        if self.resources.slurm is None:
            return network_resources(self.resources, self.torch_device)
        return self.resources

    @property
    def sources(self) -> tuple[str, ...]:
        """What features are made of; the flow only if a stream is.

        Nothing where they are not made of videos here.
        """
        if self.origin != "videos":
            return ()
        uses_flow = "flow" in self.config.features.stream_names
        return ("decode", "flow") if uses_flow else ("decode",)

    @property
    def caches(self) -> tuple[str, ...]:
        """The stages that leave files from which features are made."""
        return self.sources if self.cache == "all" else ()

    @property
    def first_stage(self) -> str:
        """The stage that reads the videos themselves."""
        return self.caches[0] if self.caches else "features"

    def identity(self, stage: str) -> dict[str, Any]:
        """All parameters that decide what a stage makes, those below it included."""
        # The section that says how features come about without videos.
        other: list[str] = [] if self.origin == "videos" else [self.origin]
        sections = {
            "plans": other,
            "decode": ["decode"],
            "flow": ["decode", "flow"],
            "features": other or [*self.sources, "features"],
            "points": [*other, "points"],
        }
        sections["train"] = [*sections["features"], "points", "train"]
        sections["refine"] = [*sections["train"], "refine"]
        sections["detect"] = [*sections[self.model_stage], "ensemble", "detect"]
        sections["evaluate"] = [*sections["detect"], "evaluate"]
        sections["report"] = sections["evaluate"]
        sections["experiment"] = [*sections["evaluate"], "experiment"]
        values = {name: plain(getattr(self.config, name)) for name in sections[stage]}
        if "features" in values:
            # What was left open is answered: the streams and the kind of flow features
            # by the weights, the length by the extractor.
            del values["features"]["flow_features"], values["features"]["streams"]
            values["features"]["snippet_frames"] = self.config.features.snippet_length
        if "imported" in values:
            values["imported"]["folder"] = str(self.features_folder)
            values["imported"]["streams"] = self.config.features.streams
        weights = {
            part: "hof" if weights is None else weights.sha256
            for part, weights in self._weights_of(list(values)).items()
        }
        if stage == "report" and self.compare_with:
            values["compare_with"] = str(self.compare_with)
        return {"format": FORMAT, **values, **({"weights": weights} if weights else {})}

    def _weights_of(self, sections: list[str]) -> dict[Part, Weights | None]:
        """The weights that matter to a stage with these sections."""
        if "features" in sections:
            return self.weights
        if "flow" in sections and self.uses_raft:
            return {"raft": self.weights["raft"]}
        return {}

    def stream_identity(self, stream: Stream) -> dict[str, Any]:
        """All parameters that decide one stream's features, whatever the other."""
        alone = replace(self.config.features, streams=stream)
        run = replace(self, config=replace(self.config, features=alone))
        return run.identity("features")

    def fingerprint(self, stage: str) -> str:
        """Short hash of a stage's identity, which stands in its path."""
        if stage not in self._fingerprints:
            self._fingerprints[stage] = fingerprint(self.identity(stage))
        return self._fingerprints[stage]

    @cached_property
    def _fingerprints(self) -> dict[str, str]:
        """Those that were asked for: every path of every video needs one."""
        return {}

    def folder(self, stage: str) -> Path:
        """Where a stage's files lie."""
        if stage not in self._folders:
            self._folders[stage] = self._folder(stage)
        return self._folders[stage]

    @cached_property
    def _folders(self) -> dict[str, Path]:
        """Those that were asked for, as each path of a video needs one."""
        return {}

    def _folder(self, stage: str) -> Path:
        parent = self.workdir / FOLDERS.get(stage, stage)
        if stage in FILE_STAGES:
            return parent
        return parent / self.fingerprint(stage)

    def video_file(self, stage: str, id: str) -> Path:
        """A per-video stage's output for one video."""
        suffixes = {"features": ".safetensors", "plans": ".json"}
        suffix = suffixes.get(stage, ".mkv")
        return self.folder(stage) / f"{file_name(id)}{suffix}"

    def record_path(self, stage: str) -> Path:
        """Where a stage's record lies: beside its files, or in its JSON result."""
        if stage in FILE_STAGES:
            return self.folder(stage) / f"{self.fingerprint(stage)}.json"
        return self.folder(stage) / "done.json"

    def record(self, stage: str) -> Record | None:
        """The record that a stage left when it was finished, if it was."""
        return read_record(self.record_path(stage))

    def usable(self, *stages: str) -> list[Video]:
        """The videos that failed in none of some finished stages."""
        records = [self.record(stage) for stage in stages]
        failed = {id for record in records if record for id in record.failed}
        return [video for video in self.dataset.videos if video.id not in failed]

    @property
    def facts(self) -> dict[str, Any]:
        """What reading found out of each video: its frames, times and content."""
        record = self.record(self.first_stage)
        assert record and record.videos is not None, "reading comes first"
        return record.videos

    @property
    def points_file(self) -> Path:
        """The clicks."""
        return self.folder("points") / f"{self.fingerprint('points')}.csv"

    @property
    def detections_file(self) -> Path:
        """The detections; the same as CSV lie beside it."""
        return self.folder("detect") / "detections.json"

    @property
    def searched_videos(self) -> tuple[Video, ...]:
        """The videos that are searched for actions."""
        return self.dataset.of_subset(self.config.detect.subset)

    @property
    def ground_truth(self) -> dict[str, tuple[Instance, ...]]:
        """What is known of the searched videos, by id, ambiguous segments included."""
        return {v.id: (*v.instances, *v.ambiguous) for v in self.searched_videos}

    @property
    def is_scored(self) -> bool:
        """Whether it is known of any searched video when its actions are."""
        return any(video.instances for video in self.searched_videos)

    def check_scored(self) -> None:
        """Refuse to score what nothing is known of, before any work is done for it.

        Raises:
            AnnotationError: No searched video has an instance.
        """
        if not self.is_scored:
            raise AnnotationError(
                f"{self.dataset.source}: no {self.config.detect.subset} video has "
                "segments, so that nothing can be scored; give some their segments, or "
                "look at the detections: Report, in place of Evaluate, needs none"
            )

    @property
    def model_stage(self) -> str:
        """The stage whose model detects."""
        return "refine" if self.config.detect.model == "refined" else "train"

    def weights_json(self) -> dict[str, dict[str, str] | None]:
        """The weights as JSON can hold them."""
        return {s: plain(w) if w else None for s, w in self.weights.items()}
