"""What a completion looks like, apart from whether it is right: features, each with its limits in its description."""

from promptlab.traces.describing import DESCRIPTIONS, VERSION
from promptlab.traces.tracing import features

__all__ = ["DESCRIPTIONS", "VERSION", "features"]
