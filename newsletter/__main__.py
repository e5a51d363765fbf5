"""Where the program starts: `newsletter`, and `python -m newsletter`."""

from __future__ import annotations

import gc

from newsletter.cli.loading import loading

LITTER = 50_000
"""Objects made after which garbage is looked for. Papers are many objects that stay, and hardly any
of them are in cycles: with Python's 700, looking for garbage is a tenth of a day's work."""


def main() -> None:
    """Run the program that the command line asks for."""
    with loading():
        from newsletter.cli.program import main as run  # noqa: PLC0415  not before Ctrl-C is silent
    gc.freeze()  # what is loaded now stays until the end
    gc.set_threshold(LITTER, 20, 20)
    run()


if __name__ == "__main__":
    main()
