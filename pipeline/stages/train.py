"""A master network and its auxiliaries, trained on features and points."""

from typing import Any

from pipeline.errors import AnnotationError
from pipeline.model_folder.newest import CARD, MODEL_FILE
from pipeline.points.simulation import never_clicked, wanted
from pipeline.progress import count_of
from pipeline.run.record import StageResult
from pipeline.run.run import Run
from pipeline.run.stage import Stage
from pipeline.stages.features import FEATURES
from pipeline.stages.points import POINTS
from pipeline.storage import plain


def train_model(run: Run) -> StageResult:
    """Train on the training videos that have features; write the model folder."""
    # PyTorch takes seconds to import
    from pipeline.stages.fitting import fit_into, read_samples

    fit_into(TRAIN.folder(run), read_samples(run), run)
    return StageResult()


def train_labels(run: Run) -> Any:
    """Return what training sees of the dataset besides the clicks."""
    videos = run.dataset.of_subset("train")
    return plain([run.dataset.classes, [(v.id, v.labels) for v in videos]])


def check_supervision(run: Run) -> None:
    """Refuse to train on videos, or on classes, about which nobody has said anything.

    Without this, such a video would be learned as background throughout.

    Raises:
        AnnotationError: There are such videos or classes; all are named.
    """
    videos, human = run.dataset.of_subset("train"), run.human_clicks
    clicks = human.in_training(run.dataset) if human else {}
    problems = []
    if unseen := [
        video.id
        for video in videos
        if not (video.labels or video.has_segments or video.id in clicks)
    ]:
        problems.append(
            f"{count_of(len(unseen), 'training video')} without clicks, segments or "
            "labels: "
            f"{', '.join(unseen)}; click in them with `soda annotate`, once on "
            'background if nothing happens, or state "labels": [] in the manifest if '
            "they show only background"
        )
    if missing := unclicked_classes(run):
        problems.append(
            f"{count_of(len(missing), 'class')} without an action click in "
            "any training video: "
            f"{', '.join(missing)}; click them, remove them from the classes, or train "
            "on the labels of the videos alone with --frame-loss none"
        )
    if problems:
        files = f"those of {', '.join(human.files)}" if human else "no people's clicks"
        raise AnnotationError(
            f"{run.dataset.source}: expected a click of each class, and training "
            f"videos that somebody has looked at; with {files} (--points-file names "
            "others, or none), found\n  " + "\n  ".join(problems)
        )


def unclicked_classes(run: Run) -> list[str]:
    """Return the classes that training lacks a click of, if it learns from clicks."""
    points, human = run.config.points, run.human_clicks
    if run.config.train.frame_loss == "none" or not wanted("action", points):
        return []
    classes, videos = run.dataset.classes, run.dataset.of_subset("train")
    if human is None:
        return never_clicked(classes, videos, points)
    clicked = {label for video in videos for label in human.labels(video.id)}
    return [name for name in classes if name not in clicked]


TRAIN: Stage = Stage(
    name="train",
    task="TrainSODA",
    folder_name="models",
    kind="models",
    builds_on=(FEATURES, POINTS),
    sections=("train",),
    content=train_labels,
    work=train_model,
    check=check_supervision,
    outputs=lambda run: [TRAIN.folder(run) / MODEL_FILE],
    rewritten=(CARD,),
    label="model",
    slurm="train",
    is_sent=True,
    next=lambda run: "DetectActions",
)
