"""The file that a design freezes into."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptlab import given
from promptlab.errors import InputError
from promptlab.experiment import Experiment
from promptlab.experiment.reading import once_only
from promptlab.records import Run
from promptlab.registering.design import design_of
from promptlab.registering.deviating import Held
from promptlab.runner.registered import check_age
from promptlab.store import Store, read_manifest
from promptlab.types import digest
from promptlab.wording import counted

if TYPE_CHECKING:
    from promptlab.registering.deviating import Made

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
            found = yaml.load(file.read_text(encoding="utf-8"), once_only(yaml.SafeLoader))
            read = cls(found["design"], found["registered"])
            datetime.fromisoformat(read.registered)
            changed = read.hash != found["hash"] or set(found) != {"registered", "hash", "design"}
        except OSError as problem:
            raise InputError(f"{file} cannot be read ({problem.strerror or problem})") from None
        except InputError as problem:
            raise InputError(f"{file} {problem}: its hash is of one of them") from None
        except (ValueError, TypeError, KeyError, yaml.YAMLError):
            raise InputError(f"{file} is no registered design: make one with Experiment.register") from None
        if changed:
            raise InputError(f"{file} was changed after it was registered ({read.registered}): its hash does not fit")
        return read

    def deviations(self, *made: Made | Iterable[Made]) -> tuple[str, ...]:
        """What differs from the registered design: in an experiment, its runs, and all that was made of them.

        A result is held against the family of tests that it belongs to (differences, contrasts, slopes of a
        dose-response, differences over draws, contrasts over seeds, a loss with its controls, of which
        ``to_baseline`` alone is a part); any other, such as `associated` or a table of
        `pass_at_k`, is explorative, and said to be not registered. What it was made of is held against the runs that
        are given with it, by digests of samples, scores, clusters and draws: samples that were picked, graded anew or
        changed are seen, and so is that runs, or columns of their frame, are not given.

        Returns
        -------
        tuple of str
            One text each; empty: as registered.
        """
        held = self._held(made)
        return (*held.deviations, *held.unchecked)

    def stamp(self, *made: Made | Iterable[Made]) -> str:
        """One line for reports and figures: date, hash, ``as registered`` or the deviations, what was looked at before.

        Samples that infrastructure failures took are said apart: nobody has chosen them.

        Parameters
        ----------
        made
            As for `deviations`. Give all that a report shows, and its runs, one of each model: what is not given is not
            looked at.
        """
        held = self._held(made)
        found = [f"deviates: {'; '.join(held.deviations)}"] if held.deviations else []
        found += [f"not checked: {text}" for text in held.unchecked]
        judged = f": {'; '.join(found) or 'as registered'}" if held.made else ""
        lost = f"; lost to infrastructure failures: {'; '.join(held.losses)}" if held.losses else ""
        return f"registered {self.registered[:10]}, hash {self.hash[:8]}{judged}{lost}{_looked_before(held.made)}"

    def _held(self, made: Iterable[Made | Iterable[Made]]) -> Held:
        return Held(list(_flat(made)), self.design, self.hash)

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
    text = HEAD + written(content)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as stream:  # never over another one
            stream.write(text)
    except OSError as problem:
        if not isinstance(problem, FileExistsError):
            with suppress(OSError):
                file.unlink(missing_ok=True)  # a half of it, on a full disk: it could never be read again
        raise InputError(f"{file} cannot be written ({problem.strerror or problem})") from None
    return made


def written(content: Mapping[str, Any]) -> str:
    """YAML for people; in ASCII where it would not come back so, since YAML takes U+0085 for the end of a line."""
    import yaml

    text, plain = (
        str(yaml.safe_dump(content, sort_keys=False, allow_unicode=unicode, width=120)) for unicode in (True, False)
    )
    return text if yaml.safe_load(text) == content else plain


def _flat(made: Iterable[Made | Iterable[Made]]) -> Iterator[Made]:
    """A list's parts; a table is iterable as well, and one thing."""
    for one in made:
        yield from one if isinstance(one, list | tuple | Iterator) else [one]  # type: ignore[misc]


def _looked_before(made: Iterable[Made]) -> str:
    """That other runs on these questions are listed in the manifests of these runs."""
    earlier = {
        (run.path / entry["run"]).resolve()
        for run in made
        if isinstance(run, Run)
        for entry in run.manifest.get("registration", {}).get("looked_before", ())
    }
    return f"; looked before: {counted(len(earlier), 'run')} on these questions, see manifest.json" if earlier else ""
