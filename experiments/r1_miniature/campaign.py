"""Trains and records parts of the experiment, two jobs a GPU: ``python -m experiments.r1_miniature.campaign H3 H4``.

A job waits for what it needs; what is done is skipped, so the same command goes on after an interruption. A training
that time runs out for leaves its checkpoint. One that fails is told with the end of its log, and holds up only what
needs it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from experiments.r1_miniature.jobs import PARTS, Job
from experiments.r1_miniature.places import OUT

MODULE = "experiments.r1_miniature"
_STOPPED = 3  # a training's exit code where its time was over
_CLOSING, _SHORTEST = 22, 60  # seconds: to write a checkpoint; under which no job is begun any more


class Campaign:
    """Jobs on slots that share the GPUs, until none is left that can be done or the time is over."""

    def __init__(self, jobs: Sequence[Job], out: Path, slots: int, seconds: float, dry: bool = False) -> None:
        self.out, self.slots, self.dry, self.gpus = out, slots, dry, list_gpus()
        self.deadline = time.monotonic() + seconds
        self.left = self._wanted(list(dict.fromkeys(jobs)))
        self.failed: list[Job] = []
        self._running: dict[int, tuple[Job, subprocess.Popen[bytes], float]] = {}
        (out / "logs").mkdir(parents=True, exist_ok=True)

    def _wanted(self, jobs: Sequence[Job]) -> list[Job]:
        """What is not done, less trainings that are there for nothing but what is done."""

        def wanted(job: Job) -> bool:
            users = [user for user in jobs if job.product in user.needs]
            return not self._done(job) and (not users or any(map(wanted, users)))

        return [job for job in jobs if wanted(job)]

    def run(self) -> bool:
        """Whether all is done."""
        print(f"{len(self.left)} jobs to do, {self.slots} at a time", flush=True)
        try:
            while (self._running or self._ready()) and time.monotonic() < self.deadline:
                self._step()
                time.sleep(0.2)
        finally:
            self._stop()
        return not (self.left or self.failed)

    def _step(self) -> None:
        for slot in range(self.slots):
            if slot in self._running and self._running[slot][1].poll() is not None:
                self._tell(*self._running.pop(slot))
            if slot not in self._running and (job := self._ready()):
                self.left.remove(job)
                self._running[slot] = (job, self._begin(job, slot), time.monotonic())

    def _ready(self) -> Job | None:
        """The first job that has what it needs, while there is time to do something."""
        if self.deadline - time.monotonic() < _SHORTEST:
            return None
        return next((job for job in self.left if all((self.out / path).exists() for path in job.needs)), None)

    def _begin(self, job: Job, slot: int) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"{MODULE}.{job.command[0]}", *job.command[1:], "--out", str(self.out)]
        if job.trains:
            command += ["--seconds", str(int(self.deadline - time.monotonic() - _CLOSING))]
        env = os.environ | {"PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True"}  # two of unlike sizes share a card
        if self.gpus:
            env["CUDA_VISIBLE_DEVICES"] = self.gpus[slot % len(self.gpus)]
        with self._log(job).open("ab") as log:
            return subprocess.Popen(command + (job.small() if self.dry else []), stdout=log, stderr=log, env=env)

    def _tell(self, job: Job, process: subprocess.Popen[bytes], began: float) -> None:
        seconds = f"{time.monotonic() - began:.0f} s"
        if self._done(job):
            print(f"done in {seconds}: {job}", flush=True)
        elif process.returncode == _STOPPED:
            self.left.insert(0, job)
            print(f"time is up after {seconds}: {job}", flush=True)
        else:
            self.failed.append(job)
            end = self._log(job).read_text(errors="replace")[-1500:]
            print(f"FAILED after {seconds}, exit {process.returncode}: {job}\n{end}", flush=True)

    def _stop(self) -> None:
        for job, process, _ in self._running.values():
            process.kill()
            process.wait()
            self.left.insert(0, job)
            print(f"stopped: {job}", flush=True)

    def _done(self, job: Job) -> bool:
        return (self.out / job.product).exists()

    def _log(self, job: Job) -> Path:
        return self.out / "logs" / f"{str(job).replace(' ', '-')}.log"


def list_gpus() -> list[str]:
    """Their numbers: what `CUDA_VISIBLE_DEVICES` names, else all that `nvidia-smi` lists; none without it."""
    if given := os.environ.get("CUDA_VISIBLE_DEVICES"):
        return given.split(",")
    try:
        found = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return []
    return [str(i) for i in range(len(found.splitlines()))]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog=f"python -m {MODULE}.campaign", description=__doc__)
    parser.add_argument("parts", nargs="+", choices=PARTS, help="in the order of their urgency")
    parser.add_argument("--seconds", type=float, default=86_400, help="after which it stops, to be run again")
    parser.add_argument("--slots", type=int, default=max(1, 2 * len(list_gpus())), help="jobs at a time: two a GPU")
    parser.add_argument("--dry", action="store_true", help="everything on a little, on a CPU")
    parser.add_argument("--out", type=Path, help=f"{OUT}, of a dry run {OUT}-dry: what it makes would pass for done")
    args = parser.parse_args(arguments)
    jobs = [job for part in args.parts for job in PARTS[part]()]
    out = args.out or (OUT.with_name(f"{OUT.name}-dry") if args.dry else OUT)
    campaign = Campaign(jobs, out, args.slots, args.seconds, args.dry)
    done = campaign.run()
    if campaign.left:
        print(f"left for the next call: {', '.join(map(str, campaign.left))}")
    return 0 if done else 1 if campaign.failed else _STOPPED


if __name__ == "__main__":
    sys.exit(main())
