"""The paper's tables and figures, each a command."""

from pipeline.experiments.config import ExperimentConfig as ExperimentConfig
