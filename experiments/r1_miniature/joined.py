"""Runs of one kind in one Parquet file, which holds what they share (questions, prompts) once: a third of the size.

``python -m experiments.r1_miniature.joined NAME-registered.parquet NAME-*-registered.parquet`` joins files of
`Run.to_parquet` that have the same columns; `runs_in` reads them again as the runs that they were (whole numbers may be
floating ones where another of the runs lacks some).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from promptlab.errors import InputError, PromptlabError
from promptlab.records import Run, load_run

RUN = "joined_run"  # the column that says of each sample whose it is: a run's name and its file's metadata
_UNPACKED: list[TemporaryDirectory[str]] = []  # until the process ends: a run's file is read when it is asked for
_KEPT = b"promptlab", b"pandas"


def runs_in(folder: Path, suffix: str) -> dict[str, Run]:
    """The runs of a folder whose files end so, by their names less that; from joined files and from others."""
    files = [part for file in sorted(folder.glob(f"*{suffix}.parquet")) for part in _parts(file, file.stat().st_mtime)]
    return {file.stem.removesuffix(suffix): load_run(file) for file in sorted(files, key=lambda file: file.stem)}


def join(files: Sequence[Path], path: Path) -> Path:
    """Write the runs of these files as one; they stay where they are."""
    import pyarrow as pa
    from pyarrow import parquet as pq

    tables = {file.stem: pq.read_table(file) for file in files}
    whole = [_named(table, name) for name, table in tables.items()]
    if len({tuple(table.column_names) for table in whole}) != 1:
        raise InputError(f"files to join have different columns: {', '.join(tables)}")
    terms = [name for name in whole[0].column_names if name == RUN or pa.types.is_dictionary(whole[0][name].type)]
    rows = pa.concat_tables([_decoded(table) for table in whole], promote_options="permissive")
    both = _encoded(rows, terms)
    options = {"compression": "zstd", "compression_level": 19, "dictionary_pagesize_limit": 2**28}
    more = {"row_group_size": len(both), "write_statistics": False, "write_page_checksum": True}
    pq.write_table(both, path, **options, **more)
    return path


def _named(table: Any, name: str) -> Any:
    """With the run's name and metadata as a column: said once, and compressed, which metadata are not."""
    import pyarrow as pa

    about = {"name": name, "metadata": {str(k, "ascii"): str(table.schema.metadata[k], "utf-8") for k in _KEPT}}
    return table.replace_schema_metadata(None).append_column(RUN, pa.array([json.dumps(about)] * len(table)))


@cache
def _parts(file: Path, _changed: float) -> tuple[Path, ...]:
    """The file itself, or the files of the runs that it joins."""
    from pyarrow import parquet as pq

    from promptlab.records.parquet import explained

    with explained(file):
        if RUN not in pq.read_schema(file).names:
            return (file,)
    _UNPACKED.append(TemporaryDirectory(prefix="promptlab-joined-"))
    return tuple(_unpacked(file, Path(_UNPACKED[-1].name)))


def _unpacked(file: Path, folder: Path) -> Iterator[Path]:
    import pyarrow as pa
    from pyarrow import compute
    from pyarrow import parquet as pq

    table = pq.read_table(file)
    terms = [name for name in table.column_names if name != RUN and pa.types.is_dictionary(table[name].type)]
    rows = 0
    for named, size in (each.values() for each in compute.value_counts(table[RUN]).to_pylist()):  # in their order
        part = _decoded(table.slice(rows, size).drop_columns([RUN]))
        rows, about = rows + size, json.loads(named)
        path = folder / f"{about['name']}.parquet"
        pq.write_table(_encoded(part, terms).replace_schema_metadata(about["metadata"]), path, compression="none")
        yield path


def _decoded(table: Any) -> Any:
    """Terms as plain texts, so that every run can have its own list of them."""
    import pyarrow as pa

    plain = [field.type.value_type if pa.types.is_dictionary(field.type) else field.type for field in table.schema]
    return table.cast(pa.schema(list(zip(table.column_names, plain, strict=True))))


def _encoded(table: Any, terms: Sequence[str]) -> Any:
    for i, name in enumerate(table.column_names):
        if name in terms:
            table = table.set_column(i, name, table[name].dictionary_encode())
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m experiments.r1_miniature.joined", description=__doc__)
    parser.add_argument("joined", type=Path, help="the file to write")
    parser.add_argument("files", type=Path, nargs="+", help="files of single runs")
    args = parser.parse_args(arguments)
    try:
        path = join(args.files, args.joined)
    except (PromptlabError, OSError) as problem:
        print(f"joined: {problem}", file=sys.stderr)
        return 2
    print(f"{path}: {path.stat().st_size:,} bytes instead of {sum(f.stat().st_size for f in args.files):,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
