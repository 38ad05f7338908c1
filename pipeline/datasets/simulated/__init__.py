"""Simulated features, drawn over the annotations of real videos."""

from pipeline.datasets.simulated.config import SimulationConfig as SimulationConfig
from pipeline.datasets.simulated.drawing import draw as draw
from pipeline.datasets.simulated.script import write_script as write_script
from pipeline.datasets.simulated.timeline import SIMULATED as SIMULATED
from pipeline.datasets.simulated.timeline import simulated_dataset as simulated_dataset
from pipeline.datasets.simulated.vocabulary import WIDTHS as WIDTHS
