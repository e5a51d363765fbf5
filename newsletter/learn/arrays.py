"""The types of arrays and sparse matrices that models compute with."""

from __future__ import annotations

from typing import Protocol, overload

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


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
