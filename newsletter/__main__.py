"""Where the program starts: `newsletter`, and `python -m newsletter`."""

from __future__ import annotations

from newsletter.cli.loading import loading


def main() -> None:
    """Run the program that the command line asks for."""
    with loading():
        from newsletter.cli.program import main as run  # noqa: PLC0415  not before Ctrl-C is silent
    run()


if __name__ == "__main__":
    main()
