"""What others have published: figures that ship with their source, to stand beside one's own and never among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptlab.assets import list_assets
from promptlab.errors import unknown

if TYPE_CHECKING:
    import pandas as pd

_FOLDER = "data/published"
_NUMBERS = ["value", "before", "after", "valid_before", "valid_after", "questions"]


def published(name: str) -> pd.DataFrame:
    """A table of published figures.

    Parameters
    ----------
    name
        ``deepseek_r1``: the report's tables, a row a model, benchmark and metric, with `source`, `version` and, where
        widely read summaries err, a `note`. ``findings``: see `published_findings`. ``medprompt``: the steps of
        Medprompt's ablation and of its follow-up, with `level` and `where` they stand.

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
    texts = pd.read_csv(tables[name], nrows=0).columns.difference(_NUMBERS)
    return pd.read_csv(tables[name], dtype=dict.fromkeys(texts, str)).fillna(dict.fromkeys(texts, ""))


def published_findings() -> pd.DataFrame:
    """What has been published on few-shot prompts for reasoning models, for and against, a row a finding.

    Returns
    -------
    DataFrame
        `source`; its `level`: ``quoted`` (words of the paper), ``abstract``, ``second-hand``, ``released`` (figures in
        a released repository) or ``recomputed`` (from those); the `direction` of the finding with regard to "few-shot
        degrades reasoning models": ``supports``, ``contradicts``, ``artefact`` or ``undecided``; what it is `about`
        (``reasoning`` or ``plain`` models), `model`, `dataset`, `shots`, `figures` in words, and where there are any
        as numbers, in percent: `before`, `after`, the shares of valid outputs `valid_before` and `valid_after`, the
        number of `questions`; `note`.

    Notes
    -----
    Directions of released and recomputed figures follow one rule: ``undecided`` where the unpaired 95 % interval of the
    difference (normal, from the number of questions) holds 0; else ``artefact`` where more than half of the difference
    goes away among valid outputs, or none is valid; else what its sign says. Of one released set of tables every
    reasoning model stands here on Amazon-5 (sentiment in five grades) with the least and the most shots that were
    tried, 5 and 50, against 0, whatever came out; the notes name its best and its worst. Its rows on IMDB and
    GoEmotions are no such census: they were chosen for what they show (what an artefact looks like), and must not be
    counted. The other sources' findings speak as their source does.

    Examples
    --------
    >>> found = published_findings()
    >>> sorted(found["direction"].unique())
    ['artefact', 'contradicts', 'supports', 'undecided']
    """
    return published("findings")
