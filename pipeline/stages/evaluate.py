"""The detections of a whole dataset, scored."""

from pipeline.detection.detections import read_detections
from pipeline.evaluation import diagnose, evaluate
from pipeline.model_folder.folder import write_scores
from pipeline.run.record import Outcome
from pipeline.run.run import Run
from pipeline.stages.report import notes


def evaluate_detections(run: Run) -> Outcome:
    """Score the detections, tell their errors apart; the model's card says so, too."""
    ground_truth = run.ground_truth
    detections = read_detections(run.detections_file)
    config = run.config.evaluate
    evaluation = evaluate(ground_truth, detections, config)
    durations = {id: facts["end_seconds"] for id, facts in run.facts.items()}
    diagnosis = diagnose(ground_truth, detections, config, durations)
    result = {
        **evaluation.to_json(),
        "diagnosis": diagnosis.to_json(),
        "dataset": run.dataset.name,
        "notes": notes(run),
        "subset": run.config.detect.subset,
        "seed": run.config.train.seed,
        "detections": str(run.detections_file.relative_to(run.workdir)),
    }
    if run.config.detect.subset == "test":
        identity = run.identity("evaluate")
        used = {name: identity[name] for name in ("ensemble", "detect", "evaluate")}
        write_scores(run.folder(run.model_stage), {**result, "parameters": used})
    return Outcome(result=result)
