"""How the embedded models were trained, step by step: the logs that ship with their adapters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptlab.assets import list_assets
from promptlab.errors import unknown

if TYPE_CHECKING:
    import pandas as pd


def training_log(model: str) -> pd.DataFrame:
    """The training of an embedded model, a row a step.

    Parameters
    ----------
    model
        ``r1`` and ``r1-narrow`` (GRPO: `accuracy`, `tokens`, `well_formed`, ...), ``sft``, ``sft-narrow``, ``plain``
        and ``plain-robust`` (`loss`, `lr`). All have `step` and `seconds`.

    Raises
    ------
    InputError
        There is no such log.

    Examples
    --------
    >>> len(training_log("r1"))
    80
    """
    import pandas as pd

    logs = list_assets("data/adapters", ".csv")
    if model not in logs:
        raise unknown("training log", model, logs)
    return pd.read_csv(logs[model])
