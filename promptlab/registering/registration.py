"""The file that a design freezes into."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from promptlab import given
from promptlab.errors import InputError
from promptlab.experiment import Experiment
from promptlab.records import Run
from promptlab.registering.design import design_of
from promptlab.registering.deviating import Made, deviations
from promptlab.runner.registered import check_age
from promptlab.store import Store, read_manifest
from promptlab.types import digest
from promptlab.wording import counted

HEAD = "# A design, registered by promptlab: a change of what follows breaks the hash.\n"


@dataclass(frozen=True)
class Registration:
    """A design and when it was frozen.

    The hash shows that neither was changed since; that the file is as old as it says is shown by where it was put:
    a commit, an archive, a colleague's mailbox.

    Parameters
    ----------
    design
        Models, conditions with their factors, questions, sampling, tests, ... as plain values.
    registered
        When, in ISO 8601, UTC.
    """

    design: Mapping[str, Any]
    registered: str

    @cached_property
    def hash(self) -> str:
        """Digest of the design and the time, not of how the file is laid out."""
        return digest([self.design, self.registered])

    @classmethod
    def read(cls, path: str | Path) -> Registration:
        """Read a file of `Experiment.register`.

        Raises
        ------
        InputError
            It is none, or it was changed since.
        """
        import yaml

        file = given.on_disk("path of Registration.read", path)
        try:
            found = yaml.safe_load(file.read_text(encoding="utf-8"))
            read = cls(found["design"], found["registered"])
            datetime.fromisoformat(read.registered)
            changed = read.hash != found["hash"] or set(found) != {"registered", "hash", "design"}
        except OSError as problem:
            raise InputError(f"{file} cannot be read ({problem.strerror or problem})") from None
        except (ValueError, TypeError, KeyError, yaml.YAMLError):
            raise InputError(f"{file} is no registered design: make one with Experiment.register") from None
        if changed:
            raise InputError(f"{file} was changed after it was registered ({read.registered}): its hash does not fit")
        return read

    def deviations(self, *made: Made | Iterable[Made]) -> tuple[str, ...]:
        """What differs from the registered design: in an experiment, its runs, and all that was made of them.

        A result is held against the family of tests that it belongs to (differences, contrasts, slopes of a
        dose-response, differences over draws, contrasts over seeds); any other, such as `associated`, is explorative,
        and said to be not registered.

        Returns
        -------
        tuple of str
            One text each; empty: as registered.
        """
        lines = (line for part in _flat(made) for line in deviations(part, self.design, self.hash))
        return tuple(dict.fromkeys(lines))

    def stamp(self, *made: Made | Iterable[Made]) -> str:
        """One line for reports and figures: date, hash, ``as registered`` or the deviations, what was looked at before.

        Parameters
        ----------
        made
            As for `deviations`. Give all that a report shows: what is not given is not looked at.
        """
        found = self.deviations(*made)
        judged = f": deviates: {'; '.join(found)}" if found else ": as registered" if made else ""
        return f"registered {self.registered[:10]}, hash {self.hash[:8]}{judged}{_looked_before(made)}"

    def admit(self, experiment: Experiment) -> None:
        """Before any call: warn where an experiment deviates; `InputError` where its records hold older samples."""
        found = self.deviations(experiment)
        if found:
            warnings.warn(f"hash {self.hash[:8]} is deviated from: {'; '.join(found)}", stacklevel=3)
        for model in experiment.open_models():
            folder = experiment.path / model.name
            if read_manifest(folder):
                with Store(folder) as store:
                    check_age(store, self)


def register(experiment: Experiment, path: str | Path) -> Registration:
    """Freeze an experiment's design into a file; the same design again gives back what is registered there.

    Raises
    ------
    InputError
        Another design is registered there, or the records hold samples already.
    """
    import yaml

    file = given.to_write("path of register", path)
    if file.exists():
        known = Registration.read(file)
        if found := known.deviations(experiment):
            raise InputError(f"{file} holds another design ({'; '.join(found)}): take another path")
        return known
    design = design_of(experiment)
    made = Registration(design, datetime.now(UTC).isoformat(timespec="milliseconds"))
    made.admit(experiment)
    content = {"registered": made.registered, "hash": made.hash, "design": design}
    text = HEAD + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as stream:  # never over another one
            stream.write(text)
    except OSError as problem:
        raise InputError(f"{file} cannot be written ({problem.strerror or problem})") from None
    return made


def _flat(made: Iterable[Made | Iterable[Made]]) -> Iterator[Made]:
    for one in made:
        yield from one if isinstance(one, Iterable) else [one]


def _looked_before(made: Iterable[Made | Iterable[Made]]) -> str:
    """That other runs on these questions are listed in the manifests of these runs."""
    runs = [part for part in _flat(made) if isinstance(part, Run)]
    earlier = {
        (run.path / entry["run"]).resolve()
        for run in runs
        for entry in run.manifest.get("registration", {}).get("looked_before", ())
    }
    return f"; looked before: {counted(len(earlier), 'run')} on these questions, see manifest.json" if earlier else ""
