"""Optical flow between consecutive frames."""

from typing import Any

from extractors.flow import ON_DEVICE
from pipeline.fanout import Job, run_job
from pipeline.run.record import StageResult
from pipeline.run.run import Run
from pipeline.run.stage import Stage
from pipeline.stages.decode import DECODE
from pipeline.stages.per_video import cache_items, check_videos
from pipeline.storage import plain


def compute_flows(run: Run) -> StageResult:
    """Compute the optical flow of all videos, on GPUs if the algorithm can use them."""
    function = "pipeline.video.caching:compute_flow"
    job = Job(FLOW.name, function, flow_computation(run), cache_items(run, FLOW))
    return StageResult(run_job(job, run.workdir, FLOW.resources(run)))


def flow_computation(run: Run) -> dict[str, Any]:
    """Return the parameters of computing the flow of one video."""
    raft = run.weights["raft"] if run.uses_raft else None
    return {
        "config": plain(run.config.flow),
        "device": run.device_of(FLOW.slurm) if uses_device(run) else "cpu",
        "raft_weights": str(raft.path) if raft else None,
    }


def uses_device(run: Run) -> bool:
    """Return whether the flow is computed on the device of the networks."""
    return run.config.flow.algorithm in ON_DEVICE


FLOW: Stage = Stage(
    name="flow",
    task="ComputeFlow",
    folder_name="flow",
    kind="flow",
    suffix=".mkv",
    builds_on=(DECODE,),
    sections=("flow",),
    work=compute_flows,
    slurm="flow",
    runs_networks=uses_device,
    check=lambda run: check_videos(run, FLOW),
    next=lambda run: "ExtractFeatures",
)
