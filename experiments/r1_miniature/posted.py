"""The post's figures that notebooks draw as well: ``python -m experiments.r1_miniature.posted --out FOLDER``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from experiments.r1_miniature import checkpoint_figures, consistency, dose_figures, dose_runs, doses
from promptlab import figures

_LANGUAGES = f"Exploratory, not registered; one training seed each ({', '.join(consistency.LANGUAGE)})"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m experiments.r1_miniature.posted", description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    out: Path = parser.parse_args(arguments).out
    samples = dose_runs.samples(dose_runs.recorded(names=dose_runs.MODELS))
    drawn = dose_figures.doses(doses.analysed(samples).differences)
    figures.save(drawn, out / "doses", note=dose_figures.NOTE, width="blog")
    if mixed := consistency.found():
        figures.save(checkpoint_figures.languages(mixed.curves), out / "languages", note=_LANGUAGES, width="blog")


if __name__ == "__main__":
    main()
