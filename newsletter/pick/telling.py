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
_OWN: Final = CUES["we"] | CUES["our"] | CUES["work"]
"""Words with which authors speak of themselves: what comes before tells of the work of others."""
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
    theirs = next((n for n, some in enumerate(signs) if not _OWN.isdisjoint(some)), 0)
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
            "before their own": float(number < theirs),
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
    "place": -0.1091,
    "place squared": 0.0551,
    "first": 0.0467,
    "second": -0.0241,
    "last": -0.005,
    "length": 0.3217,
    "length squared": -0.0929,
    "very short": -0.0574,
    "central": 1.0023,
    "of the title": 0.3081,
    "in the title": 0.4488,
    "first to make": 0.1755,
    "before it": 0.1109,
    "before their own": -0.19,
    "after it": 0.0636,
    "acronym": 0.0444,
    "digit": -0.006,
    "question": 0.0,
    "colon": -0.0572,
    "that": -0.0195,
    "code": -0.053,
    "better": -0.0071,
    "known": 0.0187,
    "method": 0.0443,
    "of the title, length": -0.2114,
    "in the title, length": 1.0139,
    "background": -0.0465,
    "named": 0.0246,
    "refers back": -0.0027,
    "however": 0.0927,
    "makes": 0.15,
    "we": 0.0844,
    "makes, length": -0.1135,
    "makes, place": -0.0303,
    "makes, of the title": 0.1597,
    "results": -0.0207,
    "our": -0.0748,
    "may": -0.0159,
    "by means": 0.0095,
    "work": 0.1161,
    "new": 0.0318,
    "goes on": -0.037,
    "end": 0.1531,
    "beats": -0.0079,
    "studies": 0.1794,
    "studies, length": -0.002,
    "studies, place": -0.3227,
    "studies, of the title": -0.1164,
    "only": 0.0248,
    "shows": 0.1585,
    "aims": 0.0027,
    "shows, length": -0.0748,
    "shows, place": -0.2014,
    "shows, of the title": 0.2174,
    "plain": -0.0204,
    "here": -0.0299,
    "which": 0.0113,
    "concedes": -0.1955,
    "for": -0.1717,
}


def scores(sentences: Sequence[str], title: str) -> list[float]:
    """Return a score for each sentence: the highest marks the one that best tells what is new."""
    return [
        sum(WEIGHTS[name] * value for name, value in row.items())
        for row in features(sentences, title)
    ]
