"""Notes that a reader needs to compare the scores of a run."""

from pipeline.run.run import Run


def notes(run: Run) -> tuple[str, ...]:
    """Return sentences about the features, for anyone who sees scores of a run."""
    if run.is_simulated:
        return (simulation_note(run),)
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


def simulation_note(run: Run) -> str:
    """Return the warning that features are simulated, and how."""
    simulation = run.config.simulation
    return (
        f"SIMULATED FEATURES: drawn over the annotations of {run.options.timeline} "
        f"(difficulty {simulation.difficulty:g}, seed {simulation.seed}), no video was "
        "read; the scores are not comparable with those of real videos"
    )
