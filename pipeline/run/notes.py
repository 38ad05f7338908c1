"""Notes that a reader needs to compare the scores of a run."""

from pipeline.run.run import Run


def notes(run: Run) -> tuple[str, ...]:
    """Return sentences about the features, for anyone who sees scores of a run."""
    if run.is_simulated:
        simulation = run.config.simulation
        return (
            "SIMULATED FEATURES: drawn over the annotations of "
            f"{run.options.timeline} (difficulty {simulation.difficulty:g}, seed "
            f"{simulation.seed}), no video was read; the scores are not comparable "
            "with those of real videos",
        )
    if run.options.features_dir:
        return (f"features of {run.options.features_dir}, made elsewhere",)
    sentences = [
        f"{part} features: " + (w.origin if w else "hof, without a network")
        for part, w in run.weights.items()
        if part != "raft"
    ]
    if run.uses_flow:
        algorithm = run.config.flow.algorithm
        other = ", not the paper's tvl1" if algorithm != "tvl1" else ""
        sentences.append(f"optical flow: {algorithm}{other}")
    return tuple(sentences)
