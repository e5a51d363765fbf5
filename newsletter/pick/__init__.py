"""Pick: the highlights among the day's papers. Pure: no I/O, no clock, no chance.

papers.py     pick_papers(): filter, score, explain; choose(): what one reader gets of it
filters.py    the YAML filter language: parse and match
signals.py    numbers in [0, 1] about one paper, each with a reason
rankers.py    weigh signals into a Score that explains itself
variety.py    limits per topic, no paper twice
summaries.py  one sentence that tells what is new
"""

from newsletter.pick.filters import FilterError, parse_match
from newsletter.pick.papers import pick_papers
from newsletter.pick.signals import SIGNALS
from newsletter.pick.variety import choose

__all__ = ["SIGNALS", "FilterError", "choose", "parse_match", "pick_papers"]
