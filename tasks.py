"""The stages as Luigi tasks: `luigi --module tasks Evaluate --dataset demo`.

Wiring only: a task is one class that names its stage, from which its flags and the
tasks that it requires follow. The stages themselves are in `pipeline/stages/`.
"""

import sys
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import fields
from functools import cached_property, partial
from typing import Any, NoReturn

import luigi
import luigi.interface
from luigi.cmdline_parser import CmdlineParser
from luigi.rpc import RPCError
from luigi.task_register import TaskClassNotFoundException

from pipeline.console import announce
from pipeline.console.luigi_setup import (
    check_scheduler,
    explain_words,
    hush_luigi,
    set_luigi_defaults,
)
from pipeline.errors import SodaError, UsageError
from pipeline.experiments.stage import EXPERIMENT
from pipeline.progress import heed_signals, say_error, told_to
from pipeline.run.cluster import read_cluster
from pipeline.run.config import (
    default_preset,
    flag_of,
    make_config,
    parse_field,
    section_type,
)
from pipeline.run.options import NEUTRAL, OF_STAGES, RunOptions, is_marked
from pipeline.run.parsing import help_of, value_of
from pipeline.run.run import Run
from pipeline.run.stage import Stage
from pipeline.run.unused_flags import check_changes
from pipeline.run.work import is_done, run_stage
from pipeline.stages.decode import DECODE
from pipeline.stages.detect import DETECT
from pipeline.stages.evaluate import EVALUATE
from pipeline.stages.features import FEATURES
from pipeline.stages.flow import FLOW
from pipeline.stages.points import POINTS
from pipeline.stages.refine import REFINE
from pipeline.stages.report import REPORT
from pipeline.stages.train import TRAIN


class Flag(luigi.Parameter):
    """A flag made from a field; text that is no value of its type ends the program."""

    def __init__(self, read: Callable[[str], Any], default: Any, **about: Any) -> None:
        super().__init__(default=default, **about)
        self.read, self.default = read, default

    def parse(self, x: str) -> Any:
        """Return the value of a text; empty text stands for the default."""
        try:
            return self.read(x) if x else self.default
        except SodaError as error:
            announce.fail(error)

    def serialize(self, x: Any) -> str:
        """Return the text of a value."""
        if x is None:
            return ""
        return ",".join(map(str, x)) if isinstance(x, tuple) else str(x)


def option_flag(name: str) -> Any:
    """Return the flag of an option of a run."""
    default, flag = getattr(RunOptions(), name), "--" + name.replace("_", "-")
    about: dict[str, Any] = {"description": help_of(RunOptions, name)}
    about["significant"] = not is_marked(name, NEUTRAL)
    if default is False:
        return luigi.BoolParameter(default=False, **about)
    return Flag(lambda text: value_of(RunOptions, name, text, flag), default, **about)


def field_flag(section: str, name: str) -> Flag:
    """Return the flag of a field of the configuration; None leaves it to the preset."""
    about = help_of(section_type(section), name)
    return Flag(lambda text: parse_field(section, name, text), None, description=about)


def with_options(task: Any) -> Any:
    """Give a task the options that every run takes."""
    for name in vars(RunOptions()):
        if not is_marked(name, OF_STAGES):
            add_flag(task, name, option_flag(name))
    return task


def add_flag(task: Any, name: str, flag: luigi.Parameter[Any]) -> None:
    """Add a flag to a task as if it stood in its class."""
    flag.__set_name__(task, name)
    setattr(task, name, flag)


@with_options
class StageTask(luigi.Task):
    """A stage of a run. Parameters that change no result are not significant."""

    stage: Stage
    dataset: str
    dry_run: bool

    def __init_subclass__(cls) -> None:
        """Give a task the flags of its stage, and of all stages that it builds on."""
        for section in cls.stage.flags:
            for field in fields(section_type(section)):
                flag = field_flag(section, field.name)
                add_flag(cls, flag_of(section, field.name), flag)
        for name in cls.stage.options:
            add_flag(cls, name, option_flag(name))

    @cached_property
    def pipeline_run(self) -> Run:
        """The parameters, as the stages take them."""
        if not self.dataset:
            raise UsageError(
                "--dataset is missing; try --dataset demo, or the path of a JSON file"
            )
        names = [name for name in vars(RunOptions()) if hasattr(self, name)]
        options = RunOptions(**{name: getattr(self, name) for name in names})
        changes = {
            section: {
                field.name: value
                for field in fields(section_type(section))
                if (value := getattr(self, flag_of(section, field.name))) is not None
            }
            for section in self.stage.flags
        }
        config = make_config(options.preset or default_preset(options.dataset), changes)
        asking = (task.stage.slurm for task in StageTask.__subclasses__())
        sections = set(filter(None, asking))
        run = Run(options, config, read_cluster(options, sections))
        check_changes(run, changes)
        return run

    def start(self, core: Any) -> None:
        """Announce the run, or print its plan; what the user must fix ends the program.

        Called before Luigi, whose settings are `core`, schedules any task.
        """
        try:
            if self.dry_run:
                announce.print_plan(self.pipeline_run, self.stage)
                raise SystemExit(0)
            check_scheduler(core)
            announce.open_run(self.pipeline_run, self.stage)
        except SodaError as error:
            announce.fail(error)

    def requires(self) -> list[luigi.Task]:
        """Return the tasks of the stages whose files this one reads."""
        tasks = {task.stage: task for task in StageTask.__subclasses__()}
        return [self.clone(tasks[s]) for s in self.stage.inputs(self.pipeline_run)]

    def output(self) -> luigi.LocalTarget:
        """Return the record that is written last; `complete` reads what it says."""
        return luigi.LocalTarget(str(self.stage.record_path(self.pipeline_run)))

    def complete(self) -> bool:
        """Return whether the stage is done, from its present inputs."""
        return is_done(self.pipeline_run, self.stage)

    def run(self) -> None:
        """Do the stage's work."""
        announce.open_run(self.pipeline_run, self.stage)  # if no command line has
        is_remote = not luigi.interface.core().local_scheduler
        with told_to(self._tell_scheduler) if is_remote else nullcontext():
            run_stage(self.pipeline_run, self.stage)
        self.stage.report(self.pipeline_run)

    def _tell_scheduler(self, line: str, share: float) -> None:
        """Show the progress on luigid's pages, if it can be reached."""
        with suppress(RPCError):
            self.set_status_message(line)
            self.set_progress_percentage(round(100 * share))

    def on_failure(self, exception: BaseException) -> str:
        """Print an error's own sentence; tracebacks are for faults of the program."""
        if isinstance(exception, SodaError):
            say_error(exception)
            return str(exception)
        return str(super().on_failure(exception))


class DecodeVideos(StageTask):
    """Decode videos of any kind to lossless caches at one frame rate."""

    stage = DECODE


class ComputeFlow(StageTask):
    """Compute the optical flow between consecutive frames."""

    stage = FLOW


class ExtractFeatures(StageTask):
    """Extract features of each snippet, RGB and flow."""

    stage = FEATURES


class GeneratePoints(StageTask):
    """Collect single-frame annotations: the dataset's own, or simulated ones."""

    stage = POINTS


class TrainSODA(StageTask):
    """Train a master network and its auxiliaries on features and points."""

    stage = TRAIN


class RefineSODA(StageTask):
    """Train a second model on what the first one is sure of."""

    stage = REFINE


class DetectActions(StageTask):
    """Detect actions in the videos that are searched."""

    stage = DETECT


class Evaluate(StageTask):
    """Compute the mean average precision of the detections."""

    stage = EVALUATE


class Report(StageTask):
    """Write pages that show the detections."""

    stage = REPORT


class Experiment(StageTask):
    """Make a table or figure of the paper: every row trained and scored."""

    stage = EXPERIMENT


def start_and_schedule(tasks: list[luigi.Task], *more: Any, **options: Any) -> Any:
    """Announce the runs of tasks, and let Luigi schedule them.

    Luigi offers no hook between its command line and its scheduler, whose first act is
    to ask tasks whether they are complete: a question, which must change nothing.
    """
    core = luigi.interface.core(**options.get("override_defaults") or {})
    for task in tasks:
        if isinstance(task, StageTask):
            task.start(core)
    return schedule(tasks, *more, **options)


def parser_of(root_task: str | None = None, **options: Any) -> Any:
    """Return Luigi's parser, which ends the program with one sentence."""
    parser = build_parser(root_task, **options)
    parser.error = partial(refuse_words, root_task)
    return parser


def refuse_words(name: str | None, message: str) -> NoReturn:
    """End the program because of words that a task does not take."""
    taken: dict[str, list[str]] = {
        str(task.task_family): [
            "--" + p.replace("_", "-") for p, _ in task.get_params()
        ]
        for task in StageTask.__subclasses__()
    }
    announce.fail(UsageError(explain_words(message, name or "luigi", taken)))


set_luigi_defaults(sys.argv)
heed_signals()
hush_luigi()
sys.excepthook = announce.hush_tracebacks(sys.excepthook, TaskClassNotFoundException)
schedule = luigi.interface._schedule_and_run
luigi.interface._schedule_and_run = start_and_schedule
build_parser = CmdlineParser._build_parser
CmdlineParser._build_parser = staticmethod(parser_of)  # type: ignore[assignment, method-assign]
