"""The precisions in which networks compute features."""

from typing import Literal

Precision = Literal["float32", "bfloat16"]
