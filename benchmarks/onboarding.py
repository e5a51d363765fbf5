"""What ten answers teach of a reader who has one like, by how the ten papers are chosen.

    python benchmarks/onboarding.py [--quick] [--json] [--data DIR]

Readers' real libraries (readers/libraries.json): one paper is the like, five are hidden among 295
papers of nobody's choice, and the rest of the library is in a pool of 300 from which ten papers
are shown. The reader says yes where a paper is in the library, else no. Whoever chose them, all
answers are learnt from in the same way; nDCG@10 of the hidden ones after it, with 95% intervals
over readers. `ours` is what `newsletter teach` does. The lists of others are made at once; those
marked * learn from each answer before they choose the next paper, as ours does.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ranking import BACKGROUND, CANDIDATES, HIDDEN, Library, Rows, interval, ndcg

from newsletter.day.teaching import QUESTIONS, nearest_to_border
from newsletter.learn import models
from newsletter.model import Paper, Reason, ReasonKind
from newsletter.pick.signals import LIKED_CHANCE, Mark

POOL, READERS = 300, 318


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One reader's question; numbers are places in the list of papers."""

    like: int
    own: frozenset[int]
    candidates: Rows
    """The hidden ones first: no way may look at the order."""
    pool: Rows
    background: Rows


def readers(library: Library, draws: int) -> list[Reader]:
    """Return readers with something left to say yes to, each several times with another like."""
    chance = random.Random(3)
    names = [name for name, own in sorted(library.readers.items()) if len(own) >= HIDDEN + 3]
    found = []
    for name in chance.sample(names, min(READERS, len(names))) * draws:
        own = library.readers[name]
        strangers = sorted(set(range(len(library.papers))) - set(own))
        mine = chance.sample(own, len(own))
        rest = mine[1 + HIDDEN :]
        others = chance.sample(strangers, CANDIDATES - HIDDEN + BACKGROUND + POOL - len(rest))
        pool = rest + others[CANDIDATES - HIDDEN + BACKGROUND :]
        found.append(
            Reader(
                like=mine[0],
                own=frozenset(own),
                candidates=mine[1 : 1 + HIDDEN] + others[: CANDIDATES - HIDDEN],
                pool=chance.sample(pool, len(pool)),
                background=others[CANDIDATES - HIDDEN : CANDIDATES - HIDDEN + BACKGROUND],
            )
        )
    return found


def chances(library: Library, reader: Reader, yes: Rows, no: Rows, papers: Rows) -> Any:
    """Return the chance of each paper by the answers so far."""
    seen = library.seen
    background = seen.rows(reader.background)
    disliked = seen.rows(no) if no else None
    model = models.learn_seen(background, seen.rows(yes), disliked, range(len(yes) - 1, -1, -1))
    return models.chances(seen.rows(papers), [model])[:, 0]


Choose = Callable[[Library, Reader, Sequence[int], Sequence[int], Sequence[int]], int]
"""(library, reader, yes, no, papers left) → the paper to show next."""


def at_random(library: Library, reader: Reader, yes: Rows, no: Rows, left: Rows) -> int:
    """Show any: the pool is shuffled."""
    del library, reader, yes, no
    return left[0]


def best_first(library: Library, reader: Reader, yes: Rows, no: Rows, left: Rows) -> int:
    """Show what is most probably kept by the one like."""
    del yes, no
    return left[int(np.argmax(chances(library, reader, [reader.like], [], left)))]


def best_first_learning(library: Library, reader: Reader, yes: Rows, no: Rows, left: Rows) -> int:
    """Show what is most probably kept by all answers so far."""
    return left[int(np.argmax(chances(library, reader, yes, no, left)))]


def uncertain(library: Library, reader: Reader, yes: Rows, no: Rows, left: Rows) -> int:
    """Show what is nearest to the border of what would be shown (Lewis and Gale 1994)."""
    del yes, no
    found = chances(library, reader, [reader.like], [], left)
    return left[int(np.argmin(np.abs(found - LIKED_CHANCE)))]


def ours(library: Library, reader: Reader, yes: Rows, no: Rows, left: Rows) -> int:
    """Show what `newsletter teach` shows: the most uncertain by all answers so far."""
    marks = {
        str(place): Mark(chance=float(chance), reason=lambda: Reason(kind=ReasonKind.LIKED))
        for place, chance in zip(left, chances(library, reader, yes, no, left), strict=True)
    }
    pool: list[Paper] = [library.papers[place] for place in left]
    found = nearest_to_border(pool, marks, {})
    assert found is not None
    return int(found.paper.id)


WAYS: dict[str, Choose] = {
    "random": at_random,
    "best first": best_first,
    "uncertainty": uncertain,
    "best first *": best_first_learning,
    "ours *": ours,
}


def taught(library: Library, reader: Reader, choose: Choose) -> tuple[list[int], list[int]]:
    """Return what a reader has said yes and no to, the like included, after all questions."""
    yes, no, left = [reader.like], list[int](), list(reader.pool)
    for _ in range(QUESTIONS):
        shown = choose(library, reader, yes, no, left)
        left.remove(shown)
        (yes if shown in reader.own else no).append(shown)
    return yes, no


def main() -> None:
    """Teach every reader in every way, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="an eighth of the readers")
    parser.add_argument("--json", action="store_true", help="named figures on the last line")
    parser.add_argument("--data", type=Path, help="a folder with readers/papers.jsonl")
    options = parser.parse_args()
    data = options.data or Path(os.environ.get("NEWSLETTER_TEST_DATA") or "missing")
    if not (data / "readers" / "papers.jsonl").is_file():
        print("no libraries to measure on: give --data DIR with readers/", file=sys.stderr)
        if options.json:
            print(json.dumps(dict.fromkeys(("ratio_to_random", "ratio_to_best_other"))))
        return
    library = Library(data)
    asked = readers(library, 1 if options.quick else 2)[:: 8 if options.quick else 1]
    chance = random.Random(0)
    orders = [chance.sample(range(CANDIDATES), CANDIDATES) for _ in asked]
    means: dict[str, float] = {}
    for name, choose in {"(before)": None, **WAYS}.items():
        scores, agreed = [], []
        for reader, order in zip(asked, orders, strict=True):
            yes, no = taught(library, reader, choose) if choose else ([reader.like], [])
            agreed.append(len(yes) - 1)
            scores.append(ndcg(chances(library, reader, yes, no, reader.candidates), order))
        means[name] = statistics.fmean(scores)
        print(
            f"{name:14} nDCG@10 {means[name]:.3f} ±{interval(scores):.3f}, "
            f"{statistics.fmean(agreed):.2f} of {QUESTIONS} answers are yes"
        )
    mine = means["ours *"]
    others = [mean for name, mean in means.items() if name in WAYS and name != "ours *"]
    figures = {
        "ratio_to_random": round(mine / means["random"], 4),
        "ratio_to_best_other": round(mine / max(others), 4),
    }
    print(", ".join(f"{name} {value}" for name, value in figures.items()))
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
