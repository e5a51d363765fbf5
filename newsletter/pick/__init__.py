"""Pick: the highlights among the day's papers. Pure: no I/O, no clock, no chance.

papers.py     pick_papers(): filter, score, explain
filters/      the YAML filter language: parse and match
signals.py    numbers in [0, 1] about one paper, each with a reason
trending.py   how much a paper is talked about for its age
rankers.py    weigh signals into a Score that explains itself
variety.py    choose(): limits per topic, no paper twice
misses.py     papers that just missed, and why
personal.py   choose_for(): what is one reader's own
summaries.py  one sentence that tells what is new
sentences.py  which one that is
"""

from newsletter.pick.filters import FilterError, fold_paper, parse_match
from newsletter.pick.misses import Miss, near_misses, why_not
from newsletter.pick.papers import Candidates, pick_among, pick_papers, unscored
from newsletter.pick.personal import (
    OUTSIDE_TOPIC,
    OWN_TOPICS,
    choose_for,
    explore,
    own_topic,
)
from newsletter.pick.signals import SIGNALS, Mark
from newsletter.pick.variety import choose

__all__ = [
    "OUTSIDE_TOPIC",
    "OWN_TOPICS",
    "SIGNALS",
    "Candidates",
    "FilterError",
    "Mark",
    "Miss",
    "choose",
    "choose_for",
    "explore",
    "fold_paper",
    "near_misses",
    "own_topic",
    "parse_match",
    "pick_among",
    "pick_papers",
    "unscored",
    "why_not",
]
