"""From a figure's name to what makes it."""

from pipeline.run.record import Outcome
from pipeline.run.run import Run


def make_figure(run: Run, name: str) -> Outcome:
    """Make one of `FIGURES` in the experiment's folder."""
    # Not above: every command imports the stages, and would wait for matplotlib.
    from pipeline.experiments.figures.active import make_active
    from pipeline.experiments.figures.category_softmax import make_category_softmax
    from pipeline.experiments.figures.lambdas import make_lambdas
    from pipeline.experiments.figures.sequences import make_sequences
    from pipeline.experiments.figures.seven_gaussians import make_seven_gaussians
    from pipeline.experiments.figures.temporal_softmax import make_temporal_softmax

    makers = {
        "5": make_sequences,
        "8": make_temporal_softmax,
        "9": make_category_softmax,
        "11": make_seven_gaussians,
        "12": make_lambdas,
        "active": make_active,
    }
    return makers[name](run)
