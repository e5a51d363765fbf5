"""Which sentence of an abstract tells what is new: features of sentences, and weights.

This is a linear model over features of a sentence: its position, its length, the words that it
shares with the title and with the other sentences, and the phrases with which authors say what
they did (cue phrases: Teufel and Moens 2002, table 5). The weights are fitted to SciTLDR (Cachola
et al. 2020), a data set of abstracts with summaries by authors and reviewers:
`benchmarks/summaries.py --fit` prints them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

_WORD = re.compile(r"[^\W_]+")
_ACRONYM = re.compile(r"[A-Z]{2}|[a-z][A-Z]")
_DIGIT = re.compile(r"\d")
STEM = 5
"""Words are compared by this many first letters: `aligning`, `alignment`, `aligned` are equal."""
LONG = 60
"""Number of words above which a sentence's length makes no more difference."""
USUAL = 25
"""Number of words in a usual sentence: the unit of the feature `length`."""


def _cue(words: str, *, after: str = "") -> frozenset[str]:
    return frozenset(f"{after}{word}".replace("_", " ") for word in words.split())


CUES: Final[dict[str, frozenset[str]]] = {
    "makes": _cue("propo intro prese devel devis desig descr", after="we+"),
    "shows": _cue("show demon prove find found estab obser revea disco", after="we+"),
    "studies": _cue(
        "study studi inves explo exami analy consi addre focus formu aim aims tackl revis learn use"
        " apply appli exten",
        after="we+",
    ),
    "work": _cue(
        "this_paper this_work this_article this_study this_approach this_method present_paper"
        " present_work present_article present_study our_paper our_work our_article our_study"
        " our_approach our_method"
    ),
    "here": _cue("in_this"),
    "end": _cue("here_we this_end"),
    "new": _cue("new novel"),
    "however": _cue("however but although while despite unfortunately"),
    "results": _cue(
        "experiment experiments experimental experimentally evaluate evaluated evaluation"
        " evaluations dataset datasets benchmark benchmarks result results outperform outperforms"
        " outperforming empirical empirically the_art"
    ),
    "code": _cue("code github available http https"),
    "we": _cue("we"),
    "our": _cue("our"),
    "method": _cue("method model approach framework algorithm architecture technique network"),
    "that": _cue("that"),
    "which": _cue("which"),
    "by means": _cue("using via through"),
    "aims": _cue("allow allows allowing enable enables enabling"),
    "known": _cue("existing previous prior current"),
    "plain": _cue("simple effective"),
    "only": _cue("only"),
    "concedes": _cue("while although despite", after="^"),
    "for": _cue("for", after="^"),
    "beats": _cue("demonstrate demonstrates demonstrating outperform outperforms outperforming"),
    "background": _cue(
        "for_example e_g such_as recent recently has_been have_been often typically"
    ),
    "goes on": _cue(
        "specifically moreover furthermore additionally in_addition finally then in_particular also"
        " first second",
        after="^",
    ),
    "named": _cue("called named termed dubbed coined"),
    "better": _cue(
        "improve improves improved improving improvement improvements better faster efficient"
        " efficiently efficiency robust robustly robustness"
    ),
    "may": _cue("can could may might"),
    "refers back": _cue("it this these they"),
}
"""By name, the words and pairs of words of which one is enough. `we+` stands for `we` before a word
that begins so, at once or after another word; `^` for the beginning of the sentence."""
_CUES_OF: Final[dict[str, list[str]]] = {
    sign: [name for name, cue in CUES.items() if sign in cue]
    for sign in frozenset().union(*CUES.values())
}
SAYS: Final = ("makes", "shows", "studies")
"""The cues that mark a sentence which says what the authors did."""


def words_of(text: str) -> list[str]:
    """Return the words of `text` in lower case."""
    return _WORD.findall(text.lower())


def _signs(words: Sequence[str]) -> set[str]:
    """Return what `CUES` looks for in the words of a sentence."""
    signs = {*words, *map(" ".join, pairwise(words))}
    if words:
        signs |= {f"^{words[0]}", "^" + " ".join(words[:2])}
    for place, word in enumerate(words):
        if word == "we":
            signs |= {f"we+{near[:STEM]}" for near in words[place + 1 : place + 3]}
    return signs


def features(sentences: Sequence[str], title: str) -> list[dict[str, float]]:
    """Return the features of each sentence of an abstract, by name; what is left out is zero."""
    words = [words_of(sentence) for sentence in sentences]
    signs = [_signs(some) for some in words]
    stems = [{word[:STEM] for word in some} for some in words]
    spread = Counter(stem for some in stems for stem in some)
    named = {word[:STEM] for word in words_of(title)}
    makes = CUES["makes"]
    first = next((n for n, some in enumerate(signs) if not makes.isdisjoint(some)), None)
    last = max(1, len(sentences) - 1)
    rows = []
    for number, (sentence, own) in enumerate(zip(sentences, stems, strict=True)):
        length = min(len(words[number]), LONG) / USUAL
        place = number / last
        shared = sum(spread[stem] - 1 for stem in own if len(stem) > 3)  # noqa: PLR2004  not the, of
        common = len(named & own)
        row = {
            "place": place,
            "place squared": place**2,
            "first": float(number == 0),
            "second": float(number == 1),
            "last": float(number == len(sentences) - 1),
            "length": length,
            "length squared": length**2,
            "very short": float(len(words[number]) < 10),  # noqa: PLR2004  too few to say much
            "central": shared / max(1, len(own)) / last,
            "of the title": common / max(1, len(named)),
            "in the title": common / max(1, len(own)),
            "first to make": float(first == number),
            "before it": float(first is not None and number < first),
            "after it": float(first is not None and number == first + 1),
            "acronym": float(_ACRONYM.search(sentence) is not None),
            "digit": float(_DIGIT.search(sentence) is not None),
            "question": float(sentence.endswith("?")),
            "colon": float(":" in sentence),
        }
        for sign in _CUES_OF.keys() & signs[number]:
            row.update(dict.fromkeys(_CUES_OF[sign], 1.0))
        for name in SAYS:
            if name in row:
                row[f"{name}, length"] = length
                row[f"{name}, place"] = place
                row[f"{name}, of the title"] = row["of the title"]
        row["of the title, length"] = row["of the title"] * length
        row["in the title, length"] = row["in the title"] * length
        rows.append(row)
    return rows


WEIGHTS: Final[dict[str, float]] = {
    "place": -0.0002,
    "place squared": 0.063,
    "first": 0.0204,
    "second": -0.0373,
    "last": -0.0303,
    "length": 0.3203,
    "length squared": -0.0949,
    "very short": -0.0589,
    "central": 1.0596,
    "of the title": 0.3076,
    "in the title": 0.4306,
    "first to make": 0.1922,
    "before it": 0.0897,
    "after it": 0.0937,
    "acronym": 0.0512,
    "digit": -0.0076,
    "question": 0.0,
    "colon": -0.0443,
    "makes": 0.1873,
    "shows": 0.1881,
    "studies": 0.2553,
    "work": 0.1444,
    "here": -0.0321,
    "end": 0.1755,
    "new": 0.0374,
    "however": 0.0688,
    "results": -0.0194,
    "code": -0.0714,
    "we": 0.1294,
    "our": -0.069,
    "method": 0.0425,
    "that": -0.0169,
    "which": 0.0109,
    "by means": 0.0123,
    "aims": 0.0035,
    "known": 0.0137,
    "plain": -0.015,
    "only": 0.0345,
    "concedes": -0.1856,
    "for": -0.1663,
    "beats": -0.0059,
    "background": -0.0652,
    "goes on": -0.0487,
    "named": 0.0166,
    "better": -0.0034,
    "may": -0.0088,
    "refers back": -0.003,
    "makes, length": -0.1115,
    "makes, place": -0.1172,
    "makes, of the title": 0.1553,
    "shows, length": -0.0644,
    "shows, place": -0.2585,
    "shows, of the title": 0.2017,
    "studies, length": 0.0009,
    "studies, place": -0.4189,
    "studies, of the title": -0.1407,
    "of the title, length": -0.2076,
    "in the title, length": 1.0893,
}


def scores(sentences: Sequence[str], title: str) -> list[float]:
    """Return a score for each sentence: the highest marks the one that best tells what is new."""
    return [
        sum(WEIGHTS[name] * value for name, value in row.items())
        for row in features(sentences, title)
    ]
