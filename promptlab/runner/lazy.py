"""A sequence of which only numbers are kept, so that a run takes no more memory the more samples it has."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import TypeVar, overload

T = TypeVar("T")


class Lazy(Sequence[T]):
    """Items that are made each time they are looked at.

    Examples
    --------
    >>> squares = Lazy(range(1_000_000), lambda n: n * n)
    >>> squares[12], len(squares[::1000]), list(squares[:8].where(lambda item: item % 2))
    (144, 1000, [1, 9, 25, 49])
    """

    def __init__(self, numbers: Sequence[int], make: Callable[[int], T]) -> None:
        self.numbers, self._make = numbers, make

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, at: int) -> T: ...
    @overload
    def __getitem__(self, at: slice) -> Lazy[T]: ...
    def __getitem__(self, at: int | slice) -> T | Lazy[T]:
        return self.only(self.numbers[at]) if isinstance(at, slice) else self._make(self.numbers[at])

    def only(self, numbers: Sequence[int]) -> Lazy[T]:
        """The items of these numbers."""
        return Lazy(numbers, self._make)

    def where(self, keep: Callable[[T], object]) -> Lazy[T]:
        """Those items that are to be kept."""
        return self.only(array("Q", (number for number in self.numbers if keep(self._make(number)))))
