"""The stages as Luigi tasks: `luigi --module tasks Evaluate --dataset demo`.

Wiring only. What a stage is made of and what it does stands in `pipeline/run/stage.py`.
"""

import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

import luigi
import luigi.configuration
from luigi.interface import core
from luigi.rpc import RPCError
from luigi.task_register import TaskClassNotFoundException

from pipeline.console import announce
from pipeline.datasets import dataset_name
from pipeline.errors import InputNotFoundError, SodaError, UsageError
from pipeline.fanout import Resources, default_jobs
from pipeline.features.weights import Part
from pipeline.progress import told_to
from pipeline.report import Proxy
from pipeline.report.results import detections_file
from pipeline.run.cluster import Cluster, read_cluster
from pipeline.run.config import (
    Sections,
    default_preset,
    field_help,
    flag_of,
    make_config,
    parse_field,
    section_type,
)
from pipeline.run.run import Cache, Run
from pipeline.run.stage import STAGES, is_done, run_stage
from pipeline.run.unused_flags import check_changes


class FieldParameter(luigi.Parameter):
    """The flag of one field of the configuration; None leaves it to the preset."""

    def __init__(self, section: str, name: str) -> None:
        description = field_help(section, name)
        super().__init__(default=None, description=description)  # type: ignore[arg-type]
        self.section, self.name = section, name

    def parse(self, x: str) -> Any:
        """Turn text into the field's value, or end the program saying why not."""
        try:
            return parse_field(self.section, self.name, x) if x else None
        except SodaError as error:
            announce.fail(error)

    def serialize(self, x: Any) -> str:
        """The inverse of `parse`."""
        if x is None:
            return ""
        return ",".join(map(str, x)) if isinstance(x, tuple) else str(x)


def with_fields_of(*sections: str) -> Callable[[Any], Any]:
    """Give a task the flags of some sections of the configuration."""

    def decorate(task: Any) -> Any:
        task.sections = sections
        for section in sections:
            for field in fields(section_type(section)):
                name = flag_of(section, field.name)
                parameter = FieldParameter(section, field.name)
                parameter.__set_name__(task, name)
                setattr(task, name, parameter)
        return task

    return decorate


class StageTask(luigi.Task):
    """A stage of a run. Parameters that change no result are not significant."""

    dataset = luigi.Parameter(
        default="",
        description="`demo`; `thumos14`, `activitynet1.2` or `activitynet1.3`, looked "
        "for in --data-dir; the path of a JSON file (a manifest, or annotations in "
        "ActivityNet's form); or `simulated`: features drawn over a --timeline",
    )
    preset = luigi.Parameter(
        default="",
        description="defaults of all else, where they differ from those shown in "
        "brackets: soda (the paper, none differs) | thumos14 (likewise) | "
        "activitynet1.2 | activitynet1.3 | ecm and backtal (the paper's relatives) | "
        "soda_plus (better detections of the same model) | small | demo; several, with "
        "commas, are applied in turn: small,soda_plus",
    )
    videos = luigi.Parameter(
        default="",
        significant=False,
        description="folder of the videos, unless a manifest says where they are "
        "(default: the folder videos beside the annotations, or their own)",
    )
    timeline = luigi.Parameter(
        default="",
        description="folder of THUMOS14's text annotations, over which the features of "
        "--dataset simulated are drawn",
    )
    features_dir = luigi.Parameter(
        default="",
        description="folder of features that somebody else made, in place of ours: "
        "npy, npz, safetensors or HDF5 named like the videos, in folders rgb and flow "
        "where they are apart, or one array of arrays with videoname.npy; no video is "
        "then needed",
    )
    thumos14_list = luigi.Parameter(
        default="210",
        description="test list of --dataset thumos14: 213, 212 or 210 videos; 212 "
        "leaves out the one that is ambiguous throughout, 210 two that are annotated "
        "wrongly, too",
    )
    points_file = luigi.Parameter(
        default="",
        description="people's clicks, in place of simulated ones: a file, several with "
        "commas, or a folder; a CSV of video_id,seconds,label, our JSON, SF-Net's text "
        "files, or what LabelU, VIA and Label Studio export",
    )
    points_fps = luigi.OptionalFloatParameter(
        default=None,
        description="frames a second by which the clicks of --points-file count "
        "frames, where they do (default: each video's own)",
    )
    workdir = luigi.Parameter(
        default="",
        significant=False,
        description="where all outputs go (default: work/DATASET)",
    )
    data_dir = luigi.Parameter(
        default="data",
        significant=False,
        description="where datasets are kept, a folder each (data/thumos14 with the "
        "official annotations and a folder videos), or the folder of this one",
    )
    jobs = luigi.IntParameter(
        default=default_jobs(),
        significant=False,
        description="videos that are worked on side by side (default: processors)",
    )
    device = luigi.Parameter(
        default="auto",
        significant=False,
        description="where networks run: auto | cpu | cuda",
    )
    cache = luigi.ChoiceParameter(
        default="all",
        choices=get_args(Cache),
        significant=False,
        description="what stays on disk: all, or features alone, made in one pass; "
        "the features are the same",
    )
    max_failures = luigi.FloatParameter(
        default=0.0,
        significant=False,
        description="share of the videos that may fail, 0 to 1",
    )
    stall_minutes = luigi.FloatParameter(
        default=30.0,
        significant=False,
        description="a video that makes no progress for so long is given up after the "
        "second time; 0: never",
    )
    dry_run = luigi.BoolParameter(
        default=False,
        significant=False,
        description="say what would be done, how long it would take and how much disk "
        "it would need; do nothing",
    )
    cluster = luigi.ChoiceParameter(
        default="local",
        choices=get_args(Cluster),
        significant=False,
        description="where the work is done: on this machine, or in job arrays of "
        "Slurm; what follows is asked of Slurm for each worker, and may stand in "
        "soda.toml, for each stage apart",
    )
    partition = luigi.Parameter(
        default="", significant=False, description="partition of Slurm"
    )
    time = luigi.Parameter(
        default="", significant=False, description="time limit of a worker: 4:00:00"
    )
    mem = luigi.Parameter(
        default="", significant=False, description="memory of a worker: 8G"
    )
    cpus = luigi.OptionalIntParameter(
        default=None, significant=False, description="processors of a worker [1]"
    )
    gpus = luigi.OptionalIntParameter(
        default=None, significant=False, description="GPUs of a worker [0]"
    )
    max_parallel = luigi.OptionalIntParameter(
        default=None, significant=False, description="workers at a time [50]"
    )
    slurm_options = luigi.Parameter(
        default="",
        significant=False,
        description="more options of sbatch: --account=vision",
    )
    rgb_weights = luigi.Parameter(
        default="", description="a file of the extractor's weights (default: fetched)"
    )
    flow_weights = luigi.Parameter(
        default="", description="a file of I3D weights for flow (default: fetched)"
    )
    raft_weights = luigi.Parameter(
        default="", description="a file of RAFT's weights (default: fetched)"
    )

    stage: str
    sections: tuple[str, ...] = ()

    @cached_property
    def pipeline_run(self) -> Run:
        """The parameters, as the stages take them."""
        if not self.dataset:
            raise UsageError(
                "--dataset is missing; try --dataset demo, or the path of a JSON file"
            )
        name, changes = dataset_name(Path(self.dataset)), self._changes()
        files: dict[Part, str] = {
            "rgb": self.rgb_weights,
            "flow": self.flow_weights,
            "raft": self.raft_weights,
        }
        run = Run(
            dataset_name=self.dataset,
            config=make_config(self.preset or default_preset(self.dataset), changes),
            workdir=Path(self.workdir or Path("work", name)),
            videos_folder=Path(self.videos) if self.videos else None,
            data_folder=Path(self.data_dir),
            device=self.device,
            cache=self.cache,
            resources=Resources(
                self.jobs,
                self.max_failures,
                stall_minutes=self.stall_minutes,
                slurm=read_cluster(self.cluster, self._slurm_flags()),
            ),
            weight_files={part: Path(file) for part, file in files.items() if file},
            timeline=Path(self.timeline) if self.timeline else None,
            thumos14_list=self.thumos14_list,
            features_folder=Path(self.features_dir) if self.features_dir else None,
            points_source=self.points_file,
            points_fps=self.points_fps,
        )
        check_changes(run.origin, changes, self.points_file)
        return run

    def _slurm_flags(self) -> dict[str, Any]:
        names = ("partition", "time", "mem", "cpus", "gpus", "max_parallel", "options")
        return {name: getattr(self, flag_of("slurm", name)) for name in names}

    def _changes(self) -> Sections:
        return {
            section: {
                field.name: value
                for field in fields(section_type(section))
                if (value := getattr(self, flag_of(section, field.name))) is not None
            }
            for section in self.sections
        }

    def requires(self) -> list[luigi.Task]:
        """The tasks of the stages that this one needs."""
        needs = STAGES[self.stage].needs(self.pipeline_run)
        return [self.clone(TASKS[need]) for need in needs]

    def output(self) -> luigi.LocalTarget:
        """The record that is written last; see `complete` for what it must say."""
        return luigi.LocalTarget(str(self.pipeline_run.record_path(self.stage)))

    def complete(self) -> bool:
        """Whether the stage was done, of what is there now.

        What the user must mend before anything can start ends the program here, and
        so does a dry run.
        """
        try:
            if self.dry_run:
                announce.print_plan(self.pipeline_run, self.stage)
                raise SystemExit(0)
            announce.open_run(self.pipeline_run, self.stage)
            return is_done(self.pipeline_run, self.stage)
        except SodaError as error:
            announce.fail(error)

    def run(self) -> None:
        """Do the stage's work."""
        is_remote = not core().local_scheduler
        with told_to(self._tell_scheduler) if is_remote else nullcontext():
            run_stage(self.pipeline_run, self.stage)
        announce.close_stage(self.pipeline_run, self.stage)

    def _tell_scheduler(self, line: str, share: float) -> None:
        """Show on luigid's pages how far the stage has come, if it can be reached."""
        with suppress(RPCError):
            self.set_status_message(line)
            self.set_progress_percentage(round(100 * share))

    def on_failure(self, exception: BaseException) -> str:
        """Say in one sentence what went wrong; tracebacks are for faults of ours."""
        if isinstance(exception, SodaError):
            announce.say_error(exception)
            return str(exception)
        return str(super().on_failure(exception))


@with_fields_of("decode")
class DecodeVideos(StageTask):
    """Videos of any kind to lossless caches at one frame rate."""

    stage = "decode"


@with_fields_of("decode", "flow")
class ComputeFlow(StageTask):
    """Optical flow between consecutive frames."""

    stage = "flow"


FEATURES = ("simulation", "decode", "flow", "features", "imported")


@with_fields_of(*FEATURES)
class ExtractFeatures(StageTask):
    """Features of each snippet, RGB and flow."""

    stage = "features"


# With `--cache features` the videos are read, and their ends found, for the features.
@with_fields_of(*FEATURES, "points")
class GeneratePoints(StageTask):
    """Single-frame annotations: the dataset's own, or simulated ones."""

    stage = "points"


@with_fields_of(*FEATURES, "points", "train")
class TrainSODA(StageTask):
    """A master network and its auxiliaries, trained on features and points."""

    stage = "train"


@with_fields_of(*FEATURES, "points", "train", "refine")
class RefineSODA(StageTask):
    """A second model, trained on what the first one is sure of."""

    stage = "refine"


DETECTION = ("points", "train", "refine", "ensemble", "detect")


@with_fields_of(*FEATURES, *DETECTION)
class DetectActions(StageTask):
    """Detections in the videos that are searched."""

    stage = "detect"


@with_fields_of(*FEATURES, *DETECTION, "evaluate")
class Evaluate(StageTask):
    """Mean average precision of the detections."""

    stage = "evaluate"


@with_fields_of(*FEATURES, *DETECTION, "evaluate")
class Report(StageTask):
    """A page to look at the detections."""

    stage = "report"
    proxy = luigi.ChoiceParameter(
        default="auto",
        choices=get_args(Proxy),
        significant=False,
        description="small copies of videos for the pages: of those that browsers do "
        "not play, of all, or of none",
    )
    compare_with = luigi.Parameter(
        default="",
        description="another model's detections, to stand beside: a folder "
        "detections/<fingerprint> of a work folder, or a file",
    )

    @cached_property
    def pipeline_run(self) -> Run:
        """The parameters, with those of the pages alone."""
        other = Path(self.compare_with) if self.compare_with else None
        if other and not detections_file(other).is_file():
            raise InputNotFoundError(
                f"--compare-with {other}: expected a folder with detections.json, or "
                "a file of detections, found neither; check the path"
            )
        return replace(super().pipeline_run, proxy=self.proxy, compare_with=other)


@with_fields_of(*FEATURES, *DETECTION, "evaluate", "experiment")
class Experiment(StageTask):
    """A table or figure of the paper: every row trained and scored, several seeds."""

    stage = "experiment"


TASKS: dict[str, type[StageTask]] = {
    task.stage: task
    for task in (
        DecodeVideos,
        ComputeFlow,
        ExtractFeatures,
        GeneratePoints,
        TrainSODA,
        RefineSODA,
        DetectActions,
        Evaluate,
        Report,
        Experiment,
    )
}

# Defaults that spare the user Luigi's traps: success as exit code of a failure, the
# need of a running luigid, and a log in which nothing can be found. Flags still win.
LUIGI_DEFAULTS = {
    "core": {
        "local_scheduler": "true",
        "log_level": "WARNING",
        # It would refuse the same command twice; here the second waits for the first.
        "no_lock": "true",
    },
    "worker": {"check_complete_on_run": "true"},
    "retcode": {
        "already_running": "10",
        "missing_data": "20",
        "not_run": "25",
        "task_failed": "30",
        "scheduling_error": "35",
        "unhandled_exception": "40",
    },
}


SCHEDULER_OPTIONS = ("scheduler-host", "scheduler-port", "scheduler-url")


def names_scheduler(arguments: Sequence[str]) -> bool:
    """Whether a command line, or the user's own luigi.cfg, names a running luigid."""
    config = luigi.configuration.get_config()
    named = {word.partition("=")[0] for word in arguments}
    return any(
        f"--{option}" in named
        or config.has_option("core", option)
        or config.has_option("core", f"default-{option}")
        for option in SCHEDULER_OPTIONS
    )


def set_luigi_defaults(arguments: Sequence[str]) -> None:
    """Apply the defaults wherever the user's own luigi.cfg says nothing."""
    config = luigi.configuration.get_config()
    for section, options in LUIGI_DEFAULTS.items():
        for option, value in options.items():
            is_named = option == "local_scheduler" and names_scheduler(arguments)
            if not (is_named or config.has_option(section, option)):
                config.set(section, option, value)


set_luigi_defaults(sys.argv)
announce.hush_luigi()
sys.excepthook = announce.hush_tracebacks(sys.excepthook, TaskClassNotFoundException)
