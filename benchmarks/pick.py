"""Filters and tastes of ten thousand readers over ten thousand papers.

    python benchmarks/pick.py [--quick] [--json] [--data DIR]

Matching is measured against a bare scan: the same automaton over the same texts, doing nothing with
what it finds. Without a data folder the papers are the demo's, varied.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import re
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ahocorasick
import numpy as np
from corpora.papers import read_papers
from scipy.sparse import csc_matrix

from newsletter.learn import models, spaces
from newsletter.model import Match, Paper
from newsletter.pick.filters.folding import Folded, fold_paper
from newsletter.pick.filters.language import parse_match
from newsletter.pick.filters.matching import matches
from newsletter.pick.filters.scanning import Matcher
from newsletter.pick.filters.spellings import spellings

MODELS, CHUNK = 40, 500


def term_sets(papers: Sequence[Paper], readers: int, chance: random.Random) -> list[Match]:
    """Return a filter for each reader: a few phrases from titles, some with words not wanted.

    A term says something: two or three words, or one that at most a hundredth of the titles have.
    """
    words_of = [re.findall(r"\w+", paper.title) for paper in papers]
    common = Counter(word.lower() for words in words_of for word in set(words))
    found = []
    for _ in range(readers):
        terms: list[str] = []
        while len(terms) < 5:
            words = chance.choice(words_of)
            length = chance.choice((1, 2, 2, 3))
            start = chance.randrange(max(1, len(words) - length + 1))
            phrase = words[start : start + length]
            rare = all(common[word.lower()] <= len(papers) / 100 for word in phrase)
            if len(phrase) == length and max(map(len, phrase)) > 4 and (length > 1 or rare):
                terms.append(" ".join(phrase).lower())
        filter_: dict[str, Any] = {"any": terms[:4]}
        if chance.random() < 0.25:
            filter_["none"] = terms[4:]
        found.append(parse_match(filter_))
    return found


def bare_scan(words: set[str], folded: Sequence[Folded]) -> float:
    """Return the seconds that finding all words takes, doing nothing with them."""
    automaton = ahocorasick.Automaton()
    for word in words:
        automaton.add_word(word, word)
    automaton.make_automaton()
    start = time.perf_counter()
    for paper in folded:
        for text in (paper.title, paper.abstract):
            for _ in automaton.iter(text):
                pass
    return time.perf_counter() - start


def matching(papers: Sequence[Paper], readers: int, rounds: int) -> tuple[float, int, float]:
    """Return the ratio to the bare scan, the pairs found, and that of plain loops (estimated)."""
    chance = random.Random(1)
    filters = term_sets(papers, readers, chance)
    folded = [fold_paper(paper) for paper in papers]
    terms = {term.words for match in filters for term in (*match.any, *match.none)}  # type: ignore[union-attr]
    words = {spelling for term in terms for spelling in spellings(term)}
    matcher = Matcher(filters)
    ratios, pairs, scanned = [], 0, 0.0
    for _ in range(rounds):
        gc.collect()
        scanned = bare_scan(words, folded)
        start = time.perf_counter()
        pairs = sum(len(matcher.holding(paper)) for paper in folded)
        ratios.append((time.perf_counter() - start) / scanned)
    some = chance.sample(folded, 20)
    start = time.perf_counter()
    plain = sum(matches(match, paper) for paper in some for match in filters)
    loops = (time.perf_counter() - start) / len(some) * len(folded) / scanned
    assert plain == sum(len(matcher.holding(paper)) for paper in some)
    return statistics.median(ratios), pairs, loops


def ranking(papers: Sequence[Paper], readers: int, rounds: int) -> tuple[float, float, int]:
    """Return the ratio to one chunked sparse product, seconds of it, and a model's largest size."""
    chance = random.Random(2)
    background = papers[:2000]
    space = spaces.Space(background)
    learnt = [models.learn(space, chance.sample(background, 5)) for _ in range(MODELS)]
    tastes = [learnt[number % MODELS] for number in range(readers)]
    seen = space.see(papers)
    chunks = [tastes[start : start + CHUNK] for start in range(0, readers, CHUNK)]
    ratios, seconds = [], 0.0
    for _ in range(rounds):
        bare = ours = 0.0
        # Chunk by chunk in turns, so that a busy moment of the machine meets both.
        for some in chunks:
            weights = by_word(seen, some)
            start = time.perf_counter()
            (seen.words @ weights).toarray()
            middle = time.perf_counter()
            models.chances(seen, some)
            bare += middle - start
            ours += time.perf_counter() - middle
        ratios.append(ours / bare)
        seconds = bare
    return statistics.median(ratios), seconds, max(model.nbytes for model in learnt)


def by_word(seen: spaces.Seen, tastes: Sequence[models.Taste]) -> Any:
    """Return the word weights of all readers as one sparse matrix."""
    starts = np.cumsum([0, *(len(model.columns) for model in tastes)])
    weights = np.concatenate([model.weights for model in tastes])
    columns = np.concatenate([model.columns for model in tastes])
    return csc_matrix((weights, columns, starts), shape=(seen.words.shape[1], len(tastes)))


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the readers, one round")
    parser.add_argument("--json", action="store_true", help="named figures on the last line")
    parser.add_argument("--data", type=Path, help="a folder with huggingface/feed/*.xml")
    options = parser.parse_args()
    data = options.data or Path(os.environ.get("NEWSLETTER_TEST_DATA") or "missing")
    count, readers = (2_000, 10_000) if options.quick else (10_000, 10_000)
    papers = read_papers(data, count)
    ratio, pairs, loops = matching(papers, readers, 3)
    print(f"{len(papers)} papers, {readers} readers, {pairs} papers wanted by somebody")
    print(f"matching       {ratio:8.2f} x the bare scan (plain loops: {loops:.0f} x)")
    ranked, seconds, size = ranking(papers, readers // (5 if options.quick else 1), 1)
    print(f"ranking        {ranked:8.2f} x one sparse product ({seconds:.1f} s), "
          f"models of at most {size / 1000:.1f} kB")  # fmt: skip
    if options.json:
        figures = {
            "matching_ratio_to_scan": round(ratio, 2),
            "ranking_ratio_to_product": round(ranked, 2),
            "model_bytes": size,
        }
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
