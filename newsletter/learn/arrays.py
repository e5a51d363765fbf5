"""The types of arrays and sparse matrices that models compute with."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol, overload

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import threadpoolctl

Floats = npt.NDArray[np.float32]


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread in the block: for arrays as small as ours, more only wait."""
    with _threads().limit(limits=1, user_api="blas"):
        yield


@functools.cache
def _threads() -> threadpoolctl.ThreadpoolController:
    import threadpoolctl  # noqa: PLC0415  needed only where there are likes

    return threadpoolctl.ThreadpoolController()


class Sparse(Protocol):
    """What is used here of scipy's sparse matrices, which have no types."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        ...

    @property
    def indices(self) -> npt.NDArray[np.int32]:
        """The columns of the values."""
        ...

    @property
    def data(self) -> Floats:
        """The values that are not 0."""
        ...

    @property
    def T(self) -> Sparse:  # noqa: N802  scipy's name
        """The same with rows as columns."""
        ...

    def __getitem__(self, places: list[int] | tuple[slice, npt.NDArray[np.intp]]) -> Sparse: ...

    @overload
    def __matmul__(self, other: Sparse) -> Sparse: ...
    @overload
    def __matmul__(self, other: Floats) -> Floats: ...

    def toarray(self) -> Floats:
        """Return it with all its zeros."""
        ...
