"""The one sentence that tells what is new, against other ways to choose it, on SciTLDR.

    python benchmarks/summaries.py [--quick] [--json] [--data DIR] [--fit] [--show]

ROUGE-1, -2 and -L (Lin 2004; F1, Porter stems, the best of the references by ROUGE-1), times 100,
with 95% intervals over abstracts. `--fit` prints the weights of newsletter/pick/telling.py anew.

Then, over every real abstract of the folder: how many summaries have a word that the abstract does
not have there (`altered`), the share of summaries that ask, or that refer to something which is not
in them (`dangling`), and how many leads of a mail say a sentence again below the summary
(`said_twice`). `--show` prints the summaries that are counted, and a hundred others by chance.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import random
import re
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import snowballstemmer
from corpora.abstracts import real_abstracts
from corpora.papers import NOW
from scipy.optimize import minimize
from scipy.special import softmax
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import KFold

from newsletter.model import Paper, Pick, Score
from newsletter.pick import telling
from newsletter.pick.papers import Candidates
from newsletter.pick.summaries import complete, summarise
from newsletter.pick.trimming import stands_alone, trim
from newsletter.render.phrases import ENGLISH
from newsletter.render.press import ROOM
from newsletter.render.views import paper_view

FIGURES = ("rouge1", "rouge2", "rougeL", "altered", "dangling", "said_twice")
Scores = tuple[float, float, float]
_TOKEN = re.compile(r"[a-z0-9]+")
_CUE = re.compile(
    r"\bwe (?:\w+ )?(?:propose|present|show|introduce|demonstrate|develop|describe|study|"
    r"investigate|prove)",
    re.IGNORECASE,
)
Weights = npt.NDArray[np.float64]
TEMPERATURE = 0.9
"""How much better a sentence must score to be much likelier; chosen by cross-validation."""
STRENGTH = 0.005
"""How much large weights cost; chosen by cross-validation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Abstract:
    """An abstract with the summaries that people wrote of it."""

    title: str
    sentences: tuple[str, ...]
    targets: tuple[str, ...]


@functools.lru_cache(maxsize=100_000)
def _stem(word: str) -> str:
    return str(_porter().stemWord(word)) if len(word) > 3 else word


@functools.cache
def _porter() -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer("porter")


@functools.lru_cache(maxsize=50_000)
def tokens(text: str) -> tuple[str, ...]:
    """Return the stems of a text, as the rouge-score package makes them."""
    return tuple(_stem(word) for word in _TOKEN.findall(text.lower()))


def rouge(text: str, target: str) -> Scores:
    """Return ROUGE-1, ROUGE-2 and ROUGE-L of a text against one summary."""
    ours, theirs = tokens(text), tokens(target)
    return (
        _overlap(Counter(ours), Counter(theirs)),
        _overlap(Counter(pairwise(ours)), Counter(pairwise(theirs))),
        _f1(_common(ours, theirs), len(ours), len(theirs)),
    )


def best(text: str, targets: Sequence[str]) -> Scores:
    """Return the scores against the summary that the text is nearest to."""
    return max((rouge(text, target) for target in targets), key=lambda scores: scores[0])


def _overlap(ours: Counter[object], theirs: Counter[object]) -> float:
    return _f1((ours & theirs).total(), ours.total(), theirs.total())


def _f1(common: int, ours: int, theirs: int) -> float:
    return 2 * common / (ours + theirs) if common else 0.0


def _common(ours: Sequence[str], theirs: Sequence[str]) -> int:
    """Return the length of the longest common subsequence."""
    row = [0] * (len(theirs) + 1)
    for word in ours:
        before = row
        row = [0]
        for place, other in enumerate(theirs):
            row.append(before[place] + 1 if word == other else max(before[place + 1], row[place]))
    return row[-1]


# --- Ways to choose ---------------------------------------------------------------------------


def first(abstract: Abstract) -> str:
    """Choose the first sentence."""
    return abstract.sentences[0]


def last(abstract: Abstract) -> str:
    """Choose the last sentence."""
    return abstract.sentences[-1]


def centroid(abstract: Abstract) -> str:
    """Choose the sentence nearest to the middle of all (TF-IDF)."""
    try:
        matrix = TfidfVectorizer(stop_words="english").fit_transform(abstract.sentences)
    except ValueError:  # nothing but stop words
        return abstract.sentences[0]
    near = matrix @ np.asarray(matrix.mean(axis=0)).ravel()
    return abstract.sentences[int(np.argmax(near))]


def cue(abstract: Abstract) -> str:
    """Choose the first sentence with `we propose`, `we present`, `we show` and their like."""
    return next(
        (sentence for sentence in abstract.sentences if _CUE.search(sentence)),
        abstract.sentences[0],
    )


def oracle(abstract: Abstract) -> str:
    """Choose the best sentence there is, knowing the summaries."""
    return max(abstract.sentences, key=lambda sentence: best(sentence, abstract.targets)[0])


def ours(abstract: Abstract) -> str:
    """Choose as the newsletter does, from the whole text."""
    paper = Paper(
        id="x", keys=("x",), url="", title=abstract.title, abstract=" ".join(abstract.sentences)
    )
    return summarise(paper)[0]


WAYS: dict[str, Callable[[Abstract], str]] = {
    "first sentence": first,
    "last sentence": last,
    "TF-IDF centroid": centroid,
    "first with a cue": cue,
    "ours": ours,
    "oracle": oracle,
}


# --- What is wrong with a summary ---------------------------------------------------------------

_PIECE = re.compile(r"\w+|[^\w\s]")
_ANAPHORS = frozenset(
    "this these those that it its they them their he she his her such both".split()
)
_OF_THE_TEXT = frozenset(
    "paper work article study survey review report thesis manuscript letter note chapter position"
    " perspective contribution tutorial research book technical dissertation".split()
)
_LEADING_ON = frozenset(
    "first second third firstly secondly thirdly then next also moreover furthermore additionally"
    " however finally instead otherwise similarly conversely likewise therefore thus hence besides"
    " meanwhile consequently accordingly another but and or so yet namely".split()
)
_LIGHT = frozenset(
    "we i our us the a an of in on at by to for from with via that how why whether if and also then"
    " further both all here do does can have has is are be been not only using through".split()
)
_BARE = frozenset(
    "method approach model framework algorithm system technique architecture results result dataset"
    " benchmark pipeline findings experiments idea code former latter resulting proposed".split()
)
_WITH_MORE = frozenset("of for that which to in on with behind from between by and or".split())


def is_altered(told: str, abstract: str) -> bool:
    """Tell whether a summary has a word that the abstract does not have at that place.

    The words must be one run of the abstract's, or two where a neighbour completes a short
    sentence; asides in brackets may be missing where they are words of their own. The first letter
    may have become a capital, and the last word may be cut off by an ellipsis.
    """
    left = _PIECE.findall(told.removesuffix("…"))
    given = _PIECE.findall(abstract)
    starts = [place for place, piece in enumerate(given) if left and _begins(piece, left[0])]
    return not any(_follows(left, given, place) for place in starts) and bool(left)


def _begins(piece: str, first: str) -> bool:
    return first in (piece, piece[:1].upper() + piece[1:])


def _follows(left: Sequence[str], given: Sequence[str], place: int, number: int = 0) -> bool:
    """Tell whether the pieces follow one another from a place on, but for asides in brackets.

    A bracket may be that of an aside which is missing, or of the next one, which is there.
    """
    if number == len(left):
        return True
    if place >= len(given):
        return False
    if (
        given[place] == left[number]
        or (number == 0 and _begins(given[place], left[0]))
        or (number == len(left) - 1 and given[place].startswith(left[number]))
    ) and _follows(left, given, place + 1, number + 1):
        return True
    ends = (n for n in range(place, len(given)) if given[n] in ")]")
    end = next(ends, None) if given[place] in "([" else None
    return end is not None and _follows(left, given, end + 1, number)


def is_dangling(told: str) -> bool:
    """Tell whether a summary asks, or begins with what refers to something outside it.

    Counted by words, unlike the choice: `this`, `it` and their like before the third word with a
    meaning of its own, a word that leads on from a sentence before, or a thing that only the
    sentence before can have named (`The method is …`).
    """
    if "?" in told or "？" in told:
        return True
    words = re.findall(r"[\w'’-]+|[,:;]", told.lower())
    if not words or (words[0] in _LEADING_ON and words[1:2] != ["of"]):
        return bool(words)
    if words[0] == "the" and len(words) > 2:
        noun = 2 if words[1] in {"proposed", "resulting", "new", "novel"} else 1
        if words[noun] in _BARE and words[noun + 1] not in _WITH_MORE:
            return True
    meant = 0
    for place, word in enumerate(words[:8]):
        after = words[place + 1 : place + 4]
        if word in _ANAPHORS and not _is_answered(word, place, after):
            return True
        meant += word not in _LIGHT and word not in ",:;" and not word.endswith("ly")
        if meant > 1:
            return False
    return False


def _is_answered(word: str, place: int, after: Sequence[str]) -> bool:
    """Tell whether a word like `this` or `it` needs nothing from outside its sentence."""
    if word in {"that", "its", "their", "his", "her", "both"} and place:
        return True
    if word in {"this", "these"}:
        return not _OF_THE_TEXT.isdisjoint(after[:2])
    if word == "it":  # `It is known that …`, `We show it is possible to …`
        return bool({"that", "to"} & {*after}) and not {"has", "can", "uses"} & {*after}
    if word == "both":
        return "and" in after
    return word == "those" and after[:1] in (["of"], ["that"], ["who"], ["with"], ["in"])


def is_said_twice(told: str, below: str) -> bool:
    """Tell whether a sentence of the summary stands again below it, or nearly so.

    Nearly: three quarters of its pairs of words are there.
    """
    pairs = {*pairwise(tokens(below))}
    for sentence in re.split(r"(?<=[.!?]) (?=[A-Z])", told):
        own = {*pairwise(tokens(sentence))}
        if len(own) > 3 and len(own & pairs) >= 0.75 * len(own):
            return True
    return False


def faults(papers: Sequence[Paper], *, is_shown: bool) -> dict[str, float]:
    """Return how often the summaries of papers have each fault, and print it."""
    candidates = Candidates((), NOW)
    room = ROOM["comfortable"][0][0]
    found: dict[str, list[str]] = {"altered": [], "dangling": [], "said_twice": []}
    told = []
    for paper in papers:
        empty = Score(total=0.0, overall=0.0, parts=())
        pick = candidates.told(Pick(paper=paper, topic="", score=empty, reasons=()))
        told.append(pick.tldr)
        if not pick.tldr_by and is_altered(pick.tldr, paper.abstract):
            found["altered"].append(pick.tldr)
        if not pick.tldr_by and is_dangling(pick.tldr):
            found["dangling"].append(pick.tldr)
        view = paper_view(pick, "", ENGLISH, room=room, density="comfortable")
        if is_said_twice(view.tldr, view.abstract):
            found["said_twice"].append(f"{view.tldr} | {view.abstract}")
    if is_shown:
        found["by chance"] = random.Random(0).sample(told, min(100, len(told)))
        for name, some in found.items():
            print(name, *some, sep="\n  ")
    counts = {name: len(found[name]) for name in ("altered", "dangling", "said_twice")}
    shares = {name: count / max(1, len(papers)) for name, count in counts.items()}
    told_so = ", ".join(f"{name} {counts[name]} ({shares[name]:.2%})" for name in counts)
    print(f"{len(papers)} real abstracts: {told_so}")
    return counts | {"dangling": round(shares["dangling"], 4)}


# --- Fitting ----------------------------------------------------------------------------------


def fit(abstracts: Sequence[Abstract]) -> dict[str, float]:
    """Return weights by which the sentence that scores best in all three measures comes first.

    The loss is that of ListNet (Cao et al. 2007): the cross entropy between the chances of the
    sentences of an abstract by their worth, and by their marks. Only sentences that stand alone
    can be chosen, so only they are learnt from.
    """
    rows: list[dict[str, float]] = []
    chances: list[float] = []
    starts: list[int] = []
    for abstract in abstracts:
        told = [trim(sentence) for sentence in abstract.sentences]
        alone = [number for number, sentence in enumerate(told) if stands_alone(sentence)]
        if len(alone) < 2:
            continue
        seen = telling.features(abstract.sentences, abstract.title)
        worth = np.array([sum(best(told[number], abstract.targets)) for number in alone])
        starts.append(len(rows))
        rows += [seen[number] for number in alone]
        chances += softmax(worth / TEMPERATURE).tolist()
    names = list(dict.fromkeys(name for row in rows for name in row))
    given = np.array([[row.get(name, 0.0) for name in names] for row in rows])
    wanted = np.array(chances)
    spread = given.std(axis=0) + 1e-9
    values = (given - given.mean(axis=0)) / spread
    lists = np.repeat(np.arange(len(starts)), np.diff([*starts, len(rows)]))

    def loss(weights: Weights) -> tuple[float, Weights]:
        marks = values @ weights
        marks -= np.maximum.reduceat(marks, starts)[lists]
        likely = np.exp(marks)
        totals = np.add.reduceat(likely, starts)[lists]
        cost = -float(wanted @ (marks - np.log(totals))) / len(starts)
        slope = values.T @ (likely / totals - wanted) / len(starts)
        return cost + STRENGTH * float(weights @ weights), slope + 2 * STRENGTH * weights

    found = minimize(loss, np.zeros(len(names)), jac=True, method="L-BFGS-B").x / spread
    return dict(zip(names, found.round(4).tolist(), strict=True))


def cross_validated(abstracts: Sequence[Abstract]) -> list[Scores]:
    """Return the scores of abstracts, each with weights that never saw it."""
    found: list[Scores] = []
    for learn, test in KFold(10, shuffle=True, random_state=0).split(abstracts):
        weights = fit([abstracts[n] for n in learn])
        for abstract in (abstracts[n] for n in test):
            rows = telling.features(abstract.sentences, abstract.title)
            marks = [sum(weights.get(k, 0.0) * v for k, v in row.items()) for row in rows]
            found.append(best(complete(abstract.sentences, marks), abstract.targets))
    return found


def interval(values: Sequence[float], rounds: int) -> tuple[float, float]:
    """Return a 95% interval of the mean (percentile bootstrap, Efron 1979)."""
    chance = random.Random(0)
    means = sorted(statistics.fmean(chance.choices(values, k=len(values))) for _ in range(rounds))
    return means[int(0.025 * rounds)], means[int(0.975 * rounds)]


def read(data: Path) -> list[Abstract]:
    """Return every abstract of the data folder that has a summary."""
    found = []
    for path in sorted((data / "tldr").glob("*.jsonl")):
        for line in path.read_text("utf-8").strip().split("\n"):
            given = json.loads(line)
            if given["source"] and given["target"]:
                found.append(
                    Abstract(
                        title=given.get("title") or "",
                        sentences=tuple(given["source"]),
                        targets=tuple(given["target"]),
                    )
                )
    return found


def show(name: str, scored: Sequence[Scores], rounds: int) -> Scores:
    """Print a row of the table; return its means times 100."""
    columns = [[100 * scores[n] for scores in scored] for n in range(3)]
    cells = []
    for column in columns:
        low, high = interval(column, rounds)
        cells.append(f"{statistics.fmean(column):5.1f} [{low:4.1f}, {high:4.1f}]")
    print(f"{name:26} {'  '.join(cells)}")
    words, pairs, longest = (statistics.fmean(column) for column in columns)
    return words, pairs, longest


def main() -> None:
    """Choose in every way, score, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="fewer resamples and abstracts")
    parser.add_argument("--json", action="store_true", help="named figures on the last line")
    parser.add_argument("--data", type=Path, help="a folder with tldr/*.jsonl")
    parser.add_argument("--fit", action="store_true", help="print the weights fitted anew")
    parser.add_argument("--show", action="store_true", help="print summaries to look at")
    options = parser.parse_args()
    data = options.data or Path(os.environ.get("NEWSLETTER_TEST_DATA") or "missing")
    abstracts = read(data)
    if not abstracts:
        print("no summaries to measure against: give --data DIR with tldr/*.jsonl", file=sys.stderr)
        if options.json:
            print(json.dumps(dict.fromkeys(FIGURES)))
        return
    if options.fit:
        for name, weight in fit(abstracts).items():
            print(f'    "{name}": {weight},')
        return
    rounds = 200 if options.quick else 1000
    print(f"{len(abstracts)} abstracts          ROUGE-1              ROUGE-2              ROUGE-L")
    means = {}
    for name, way in WAYS.items():
        means[name] = show(
            name, [best(way(abstract), abstract.targets) for abstract in abstracts], rounds
        )
    if not options.quick:
        show("ours, weights of others", cross_validated(abstracts), rounds)
    every = 6 if options.quick else 1
    counted = faults(real_abstracts(data)[::every], is_shown=options.show)
    if options.json:
        rounded = (round(mean, 2) for mean in means["ours"])
        print(json.dumps(dict(zip(FIGURES, (*rounded, *counted.values()), strict=True))))


if __name__ == "__main__":
    main()
