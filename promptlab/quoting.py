"""What others have published: figures that ship with their source, to stand beside one's own and never among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptlab.assets import list_assets
from promptlab.errors import unknown

if TYPE_CHECKING:
    import pandas as pd

_FOLDER = "data/published"


def published(name: str) -> pd.DataFrame:
    """A table of published figures.

    Parameters
    ----------
    name
        ``deepseek_r1``: the report's tables, a row a model, benchmark and metric, with `source`, `version` and, where
        widely read summaries err, a `note`. ``few_shot_evidence``: what has been published on few-shot prompts for
        reasoning models, a row a finding, with its `level`: released (figures in a released repository), abstract,
        quote, or second-hand.

    Raises
    ------
    InputError
        There is no such table.

    Examples
    --------
    >>> table = published("deepseek_r1")
    >>> table.query("model == 'deepseek-r1' and benchmark == 'AIME 2024'")["value"].tolist()
    [79.8]
    """
    import pandas as pd

    tables = list_assets(_FOLDER, ".csv")
    if name not in tables:
        raise unknown("published table", name, tables)
    texts = pd.read_csv(tables[name], nrows=0).columns.difference(["value", "before", "after"])
    texts = texts.difference(["valid_before", "valid_after"])
    return pd.read_csv(tables[name], dtype=dict.fromkeys(texts, str)).fillna(dict.fromkeys(texts, ""))
