"""Registration: a design frozen before the run, and what was done otherwise."""

from promptlab.registering.registration import Registration, register

__all__ = ["Registration", "register"]
