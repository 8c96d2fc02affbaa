"""Columns that are decoded when they are first used: searching a text needs no times, a mention does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar, overload

T_co = TypeVar("T_co", covariant=True)


class ColumnGroup:
    """Several columns that are decoded together, once."""

    __slots__ = ("_columns", "_read")

    def __init__(self, read: Callable[[], tuple[Sequence[Any], ...]]) -> None:
        self._read: Callable[[], tuple[Sequence[Any], ...]] | None = read
        self._columns: tuple[Sequence[Any], ...] = ()

    def column(self, index: int) -> Sequence[Any]:
        if self._read is not None:
            self._columns, self._read = self._read(), None  # which also frees the bytes that it decodes
        return self._columns[index]


class LazyColumn(Sequence[T_co], Generic[T_co]):
    """One column of a group. Its length, items, equality and repr are those of the column itself."""

    __slots__ = ("_group", "_index")

    def __init__(self, group: ColumnGroup, index: int) -> None:
        self._group, self._index = group, index

    @property
    def column(self) -> Sequence[T_co]:
        return self._group.column(self._index)

    @overload
    def __getitem__(self, at: int) -> T_co: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[T_co]: ...
    def __getitem__(self, at: int | slice) -> T_co | Sequence[T_co]:
        return self.column[at]

    def __len__(self) -> int:
        return len(self.column)

    def __iter__(self) -> Iterator[T_co]:
        return iter(self.column)

    def __eq__(self, other: object) -> bool:
        return self.column == (other.column if isinstance(other, LazyColumn) else other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self.column)
