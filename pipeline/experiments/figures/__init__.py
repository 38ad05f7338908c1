"""The paper's figures: each as PDF and PNG, with the numbers behind it."""

from pipeline.experiments.figures.figure import make_figure as make_figure
