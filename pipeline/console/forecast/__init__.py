"""What a run would do, and how long it would take: `--dry-run`."""

from pipeline.console.forecast.forecast import Forecast, StageForecast, make_forecast

__all__ = ["Forecast", "StageForecast", "make_forecast"]
