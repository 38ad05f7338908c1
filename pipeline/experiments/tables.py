"""The comparisons of the paper: the rows of its tables, and its own numbers."""

from dataclasses import dataclass

from pipeline.run.config import Sections


@dataclass(frozen=True)
class Row:
    """One configuration to train and score."""

    label: str
    changes: Sections  # to the run's configuration
    paper: float | None = None  # mAP@.5 in percent on THUMOS14, if stated


@dataclass(frozen=True)
class Table:
    """A comparison of rows that differ in one setting."""

    name: str  # file name without suffix
    title: str
    rows: tuple[Row, ...]


# The baselines that SODA's components are added to.
FRAMES = {"networks": 1, "background_label": 1}
VIDEO_LABELS = {**FRAMES, "frame_loss": "none"}
APART = {"distillation_weight": 0.0}  # networks learn independently


def apart(label: str, paper: float | None = None, **ensemble: str) -> Row:
    """Return a row of two networks trained separately, and how they are used."""
    return Row(label, {"train": APART, "ensemble": ensemble}, paper)


TABLES = {
    4: Table(
        "table-4",
        "Components (Table 4)",
        (
            Row("video labels alone", {"train": VIDEO_LABELS}, 19.5),
            Row("+ single frames, background label 1", {"train": FRAMES}, 25.8),
            Row("+ astute background response", {"train": {"networks": 1}}, 33.5),
            Row(
                "+ self-distillation, background label 1",
                {"train": {"background_label": 1}},
                25.1,
            ),
            Row("SODA: both", {}, 35.6),
        ),
    ),
    5: Table(
        "table-5",
        "Clicks (Table 5)",
        (
            Row("on actions", {"points": {"kinds": "action"}}, 20.4),
            Row("on background", {"points": {"kinds": "background"}}, 29.2),
            Row("on both", {}, 35.6),
        ),
    ),
    6: Table(
        "table-6",
        "Networks (Table 6)",
        tuple(
            Row(f"M = {m}", {"train": {"networks": m}}, paper)
            for m, paper in ((1, 33.5), (2, 35.6), (3, None), (4, None), (5, None))
        ),
    ),
    7: Table(
        "table-7",
        "Two networks, trained separately and together (Table 7)",
        (
            apart("the first alone", 33.2, use="master"),
            apart("the second alone", 33.7, use="auxiliary"),
            *(
                apart(f"{s} of scores, {c} of sequences", use="late", scores=s, cas=c)
                for s in ("mean", "max")
                for c in ("mean", "max")
            ),
            *(
                apart(f"{c} of sequences, then scores", use="cas_first", cas=c)
                for c in ("mean", "max")
            ),
            Row("SODA: the master of two that distil", {}, 35.6),
        ),
    ),
    8: Table(
        "table-8",
        "Distances of the self-distillation (Table 8)",
        (
            Row("L1", {}, 35.6),
            Row("L2", {"train": {"distillation": "l2"}}),
            Row("KL", {"train": {"distillation": "kl"}}),
        ),
    ),
    9: Table(
        "table-9",
        "What is distilled (Table 9)",
        (
            Row("activation sequences, L1", {}, 35.6),
            *(
                Row(
                    f"video scores, {name.upper()}",
                    {"train": {"distill_on": "video_scores", "distillation": name}},
                )
                for name in ("l1", "l2", "kl")
            ),
        ),
    ),
}

LAMBDAS = Table(
    "figure-12",
    "The weight of the self-distillation (Fig. 12)",
    tuple(
        Row(f"{w:g}", {"train": {"distillation_weight": w}}, 35.6 if w == 0.6 else None)
        for w in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    ),
)
