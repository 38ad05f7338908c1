"""The detections of a whole dataset, scored."""

from pipeline.detections import read_detections
from pipeline.evaluation import evaluate
from pipeline.record import Outcome
from pipeline.run import Run


def evaluate_detections(run: Run) -> Outcome:
    """Score the detections of the test videos."""
    ground_truth = {v.id: v.instances for v in run.dataset.of_subset("test")}
    detections = read_detections(run.detections_file)
    evaluation = evaluate(ground_truth, detections, run.config.evaluate.tiou)
    return Outcome(
        result={
            **evaluation.to_json(),
            "dataset": run.dataset.name,
            "subset": "test",
            "seed": run.config.train.seed,
            "detections": str(run.detections_file.relative_to(run.workdir)),
        }
    )
