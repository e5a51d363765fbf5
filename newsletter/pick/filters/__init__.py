"""The filter language of topics.yaml: parsed once, matched for all topics and readers in one scan.

folding.py  texts as matching sees them: without case, accents, plurals, hyphens
language.py YAML → Match
queries.py  the one-line form: (dpo OR "preference optimization") AND cat:cs.CL NOT protein
matching.py does a Match hold for a paper, and by which terms
scanning.py Matcher: many Matches at once, by one Aho-Corasick automaton
"""

from newsletter.pick.filters.folding import Folded, fold, fold_paper
from newsletter.pick.filters.language import FilterError, parse_match
from newsletter.pick.filters.matching import Hit, find, hits, matches
from newsletter.pick.filters.scanning import Matcher

__all__ = [
    "FilterError",
    "Folded",
    "Hit",
    "Matcher",
    "find",
    "fold",
    "fold_paper",
    "hits",
    "matches",
    "parse_match",
]
