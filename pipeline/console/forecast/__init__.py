"""Forecast of a run's work and duration, for `--dry-run`."""

from pipeline.console.forecast.forecast import Forecast, StageForecast, make_forecast

__all__ = ["Forecast", "StageForecast", "make_forecast"]
