"""The demo dataset, drawn on first use: figures that jump, box, squat and wave."""

from pipeline.datasets.demo.config import DemoConfig as DemoConfig
from pipeline.datasets.demo.maker import make_demo as make_demo
