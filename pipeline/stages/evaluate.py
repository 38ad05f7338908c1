"""Mean average precision of the detections."""

from typing import Any

from pipeline.detection.detections import read_detections
from pipeline.evaluation import Scores, diagnose, evaluate
from pipeline.evaluation.table import localization_line, print_evaluation
from pipeline.model_folder.card import write_scores
from pipeline.run.notes import notes
from pipeline.run.record import StageResult
from pipeline.run.run import Run
from pipeline.run.stage import Stage
from pipeline.stages.detect import DETECT, detections_file
from pipeline.stages.features import facts
from pipeline.stages.refine import model_stage
from pipeline.storage import plain, read_json


def evaluate_detections(run: Run) -> StageResult:
    """Score the detections and diagnose their errors; add both to the model's card."""
    ground_truth = run.ground_truth
    detections = read_detections(detections_file(run))
    config = run.config.evaluate
    evaluation = evaluate(ground_truth, detections, config)
    durations = {id: known.end_seconds for id, known in facts(run).items()}
    diagnosis = diagnose(ground_truth, detections, config, durations)
    result = {
        **evaluation.to_json(),
        "diagnosis": diagnosis.to_json(),
        "dataset": run.dataset.name,
        "notes": notes(run),
        "subset": run.config.detect.subset,
        "seed": run.config.train.seed,
        "detections": str(detections_file(run).relative_to(run.workdir)),
    }
    if run.config.detect.subset == "test":
        identity = EVALUATE.identity(run)
        used = {name: identity[name] for name in ("ensemble", "detect", "evaluate")}
        folder = model_stage(run).folder(run)
        write_scores(folder, {**result, "parameters": used})
    return StageResult(result=result)


def searched_annotations(run: Run) -> Any:
    """Return the ground truth."""
    return plain([(v.id, v.instances, v.ambiguous) for v in run.searched_videos])


def report_scores(run: Run) -> None:
    """Print the scores, and how the instances are localized."""
    result = read_json(EVALUATE.record_path(run))
    print_evaluation(Scores.from_json(result), result["subset"], result["notes"])
    print(localization_line(result["diagnosis"]))


EVALUATE: Stage = Stage(
    name="evaluate",
    task="Evaluate",
    folder_name="evaluation",
    kind="results",
    is_file=True,
    builds_on=(DETECT,),
    sections=("evaluate",),
    content=searched_annotations,
    work=evaluate_detections,
    result=lambda run: EVALUATE.record_path(run),
    label="evaluation",
    slurm="slurm",
    is_sent=True,
    check=lambda run: run.check_scored(),
    report=report_scores,
    next=lambda run: "Report",
)
