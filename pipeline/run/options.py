"""The options of a run besides its configuration: files, machine and cluster."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints

from pipeline.errors import UsageError
from pipeline.fanout import default_jobs
from pipeline.run.parsing import base_type, unknown
from pipeline.video.proxy import Proxy

# What stays on disk between the stages: frames and flow too, or features alone.
Cache = Literal["all", "features"]

# Marks the options that change where and how fast work is done, and not its result.
NEUTRAL = "neutral"
# Marks the options that only those stages take which name them; see `Stage.options`.
OF_STAGES = "of stages"


@dataclass(frozen=True)
class RunOptions:
    """Everything a user can ask of a run that is no field of the configuration.

    The flags of the Luigi tasks and of `soda run`, their help, and the keyword
    arguments of `pipeline.train` are all made from these fields.
    """

    dataset: Annotated[
        str,
        "`demo`; `thumos14`, `activitynet1.2` or `activitynet1.3`, looked for in "
        "--data-dir; the path of a JSON file (a manifest, or annotations in "
        "ActivityNet's form); or `simulated`: features drawn over a --timeline",
    ] = ""
    preset: Annotated[
        str,
        "defaults of everything else, where they differ from those shown in brackets: "
        "soda (the paper, none differs) | thumos14 (likewise) | activitynet1.2 | "
        "activitynet1.3 | ecm and backtal (the paper's relatives) | soda_plus (better "
        "detections from the same model) | small | demo; several, separated by commas, "
        "are applied in turn: small,soda_plus",
    ] = ""
    videos: Annotated[
        Path | None,
        "folder of the videos, unless a manifest says where they are (default: the "
        "folder `videos` next to the annotations, or the annotations' own folder)",
        NEUTRAL,
    ] = None
    timeline: Annotated[
        Path | None,
        "folder of THUMOS14's text annotations, over which the features of --dataset "
        "simulated are drawn",
    ] = None
    features_dir: Annotated[
        Path | None,
        "folder of features that another system extracted, used in place of ours: npy, "
        "npz, safetensors or HDF5 files named like the videos, in folders rgb and flow "
        "if the streams are separate, or one array of arrays with videoname.npy; no "
        "video is needed then",
    ] = None
    thumos14_list: Annotated[
        str,
        "test list of --dataset thumos14: 213, 212 or 210 videos; 212 leaves out the "
        "one that is ambiguous throughout, 210 also two that are annotated wrongly",
    ] = "210"
    points_file: Annotated[
        str,
        "people's clicks, used in place of simulated ones: a file, several separated "
        "by commas, or a folder; a CSV of video_id,seconds,label, our JSON, SF-Net's "
        "text files, LACP's CSV, or an export of LabelU, VIA or Label Studio; or "
        "`none` (default: the clicks.json that `soda annotate` saved next to the "
        "dataset, if any)",
    ] = ""
    points_fps: Annotated[
        float | None,
        "frames per second to convert clicks of --points-file that count frames "
        "(default: each video's own rate)",
    ] = None
    workdir: Annotated[
        Path | None, "folder of all outputs (default: work/DATASET)", NEUTRAL
    ] = None
    data_dir: Annotated[
        Path,
        "folder that holds the datasets, one folder each (data/thumos14 with the "
        "official annotations and a folder `videos`), or this dataset's own folder",
        NEUTRAL,
    ] = Path("data")
    jobs: Annotated[
        int, "videos processed in parallel (default: one per processor)", NEUTRAL
    ] = field(default_factory=default_jobs)
    device: Annotated[str, "where networks run: auto | cpu | cuda", NEUTRAL] = "auto"
    cache: Annotated[
        Cache,
        "what stays on disk: everything, or only features, made in one pass; the "
        "features are the same",
        NEUTRAL,
    ] = "all"
    max_failures: Annotated[
        float, "share of the videos that may fail, 0 to 1", NEUTRAL
    ] = 0.0
    stall_minutes: Annotated[
        float,
        "minutes without progress after which a video is abandoned, on its second "
        "attempt; 0: never",
        NEUTRAL,
    ] = 30.0
    dry_run: Annotated[
        bool,
        "print what would be done, how long it would take and how much disk it would "
        "need; do nothing",
        NEUTRAL,
    ] = False
    cluster: Annotated[
        Literal["local", "slurm"],
        "where the work is done: on this machine, or in Slurm job arrays; the next "
        "options are requested from Slurm for each worker, and can be set for each "
        "stage in soda.toml",
        NEUTRAL,
    ] = "local"
    partition: Annotated[str, "Slurm partition", NEUTRAL] = ""
    time: Annotated[str, "time limit of a worker: 4:00:00", NEUTRAL] = ""
    mem: Annotated[str, "memory of a worker: 8G", NEUTRAL] = ""
    cpus: Annotated[int | None, "processors of a worker (default: 1)", NEUTRAL] = None
    gpus: Annotated[int | None, "GPUs of a worker (default: 0)", NEUTRAL] = None
    max_parallel: Annotated[
        int | None, "workers that run at a time (default: 50)", NEUTRAL
    ] = None
    slurm_options: Annotated[
        str, "more options of sbatch: --account=vision", NEUTRAL
    ] = ""
    rgb_weights: Annotated[
        Path | None, "file of the extractor's weights (default: downloaded)"
    ] = None
    flow_weights: Annotated[
        Path | None, "file of I3D weights for flow (default: downloaded)"
    ] = None
    raft_weights: Annotated[
        Path | None, "file of RAFT's weights (default: downloaded)"
    ] = None
    proxy: Annotated[
        Proxy,
        "small copies of videos for the pages: of videos that browsers do not play, of "
        "all, or of none",
        NEUTRAL,
        OF_STAGES,
    ] = "auto"
    compare_with: Annotated[
        Path | None,
        "another model's detections, shown next to these: a folder "
        "detections/<fingerprint> of a work folder, or a file",
        OF_STAGES,
    ] = None


def is_marked(name: str, mark: str) -> bool:
    """Return whether an option has one of the marks above."""
    hint = get_type_hints(RunOptions, include_extras=True)[name]
    return mark in get_args(hint)


def make_options(**values: Any) -> RunOptions:
    """Return options from keyword arguments; None selects the default.

    Paths may be given as text, and text as paths.

    Raises:
        UsageError: There is no such option; the nearest one is named.
    """
    hints, given = get_type_hints(RunOptions), {}
    for name, value in values.items():
        if name not in hints:
            raise UsageError(unknown("option", name, hints))
        kind = base_type(hints[name])
        if kind in (str, Path) and isinstance(value, str | Path):
            given[name] = kind(value)
        elif value is not None:
            given[name] = value
    return RunOptions(**given)
