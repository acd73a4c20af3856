"""What is shown of long work: a bar by tqdm, in a notebook or on a terminal, or what a function makes of it."""

from __future__ import annotations

import contextlib
from typing import Any, Callable, Iterator, Optional, Union

#: Told what is being done, how much of it is, and how much there is.
Listener = Callable[[str, int, int], Any]
#: `None` shows a bar in notebooks and on terminals, if tqdm is installed; `False` shows none; a function is told.
Progress = Union[bool, Listener, None]


@contextlib.contextmanager
def shown(progress: Progress) -> Iterator[Optional[Listener]]:
    """The function to tell, while the work goes on."""
    if progress is False or callable(progress):
        yield progress or None
        return
    tqdm = _tqdm(required=progress is True)
    if tqdm is None:
        yield None
        return
    # Without a terminal tqdm shows nothing if it is free to choose.
    bars = _Bars(lambda what, of: tqdm(desc=what, total=of, leave=False, disable=False if progress else None))
    try:
        yield bars.tell
    finally:
        bars.close()


def _tqdm(required: bool) -> Any:
    """What draws bars, if it is installed."""
    try:
        from tqdm.auto import tqdm
    except ImportError:
        if required:
            raise
        return None
    return tqdm


class _Bars:
    """One bar at a time, each for what is being done."""

    def __init__(self, make: Callable[[str, int], Any]) -> None:
        self.make = make
        self.what: str | None = None
        self.bar: Any = None

    def tell(self, what: str, done: int, of: int) -> None:
        if self.what != what or done < self.bar.n:
            self.close()
            self.what, self.bar = what, self.make(what, of)
        self.bar.update(done - self.bar.n)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()
