"""The commands: parse, call, print.

commands.py  what each command takes and does
world.py     open_day(): the one place where the world (clock, network, disk) is put together
account.py   how results are shown to a person, or as JSON
demo.py      the whole path on an invented day
"""

from newsletter.cli.commands import main

__all__ = ["main"]
