"""Finding what a reader likes among 300 papers, against other newsletters' ways to do it.

    python benchmarks/ranking.py [--quick] [--json] [--data DIR]

Readers' real libraries (readers/libraries.json): `k` papers of a library are the likes, five others
are hidden among 295 papers of nobody's choice, and each way ranks the 300. Every way sees the same
likes, the same candidates and the same 1,000 background papers. nDCG@10 with 95% intervals over
readers; ratios are paired. Ours tells chances: a table shows how often papers with such a chance
were kept. Papers and readers are named nowhere in the code.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from corpora.papers import NOW, feed_days
from scipy.sparse import vstack
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from newsletter.learn import models, spaces
from newsletter.learn.embeddings import Embedder, find_model
from newsletter.model import Paper, Pick, Reason, ReasonKind, Score, Topic
from newsletter.pick.filters.language import parse_match
from newsletter.pick.papers import pick_papers
from newsletter.pick.signals import Mark
from newsletter.pick.variety import choose

CANDIDATES, HIDDEN, BACKGROUND, READERS, TOP = 300, 5, 1000, 250, 10
LIKES = (1, 5, 20)

Rows = Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One reader's question; numbers are places in the list of papers."""

    likes: Rows
    candidates: Rows
    """The hidden ones first: no way may look at the order."""
    background: Rows


class Library:
    """Papers as every way sees them."""

    def __init__(self, data: Path) -> None:
        """Read papers and libraries."""
        lines = (data / "readers" / "papers.jsonl").read_text("utf-8").strip().split("\n")
        given = [json.loads(line) for line in lines]
        self.papers = [
            Paper(
                id=str(n),
                keys=(str(n),),
                url="",
                title=row["title"],
                abstract=row["abstract"] or "",
            )
            for n, row in enumerate(given)
        ]
        place = {row["id"]: n for n, row in enumerate(given)}
        libraries = json.loads((data / "readers" / "libraries.json").read_text("utf-8"))
        self.readers = {
            name: [place[paper_id] for paper_id in ids if paper_id in place]
            for name, ids in libraries.items()
        }

    @cached_property
    def sanity(self) -> Any:
        """TF-IDF as arxiv-sanity-lite's compute.py makes it."""
        return TfidfVectorizer(
            strip_accents="unicode",
            stop_words="english",
            token_pattern=r"(?u)\b[a-zA-Z_][a-zA-Z0-9_]+\b",
            ngram_range=(1, 2),
            max_features=20_000,
            sublinear_tf=True,
            max_df=0.5,
            min_df=5,
        ).fit_transform([f"{paper.title} {paper.abstract}" for paper in self.papers])

    @cached_property
    def stemmed(self) -> Any:
        """TF-IDF of stems, the title three times."""
        return TfidfVectorizer(analyzer=spaces.words, sublinear_tf=True, min_df=2).fit_transform(
            self.papers
        )

    @cached_property
    def latent(self) -> Any:
        """LSA of 200 dimensions, rows of length 1."""
        found = TruncatedSVD(200, random_state=0).fit_transform(self.stemmed)
        return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)

    @cached_property
    def space(self) -> spaces.Space:
        """Our own space, of all papers: like the days before an issue, and the day itself."""
        return spaces.Space(self.papers)

    @cached_property
    def with_meanings(self) -> spaces.Seen:
        """All papers in our own space, with sentence embeddings."""
        folder = find_model()
        assert folder is not None
        return replace(self.seen, meanings=Embedder(folder).embed(self.papers))

    @cached_property
    def seen(self) -> spaces.Seen:
        """All papers in our own space."""
        return self.space.see(self.papers)


def trials(library: Library, likes: int, draws: int) -> Iterator[Trial]:
    """Yield questions of up to READERS readers, several times with other likes."""
    chance = random.Random(likes)
    names = [name for name, own in sorted(library.readers.items()) if len(own) >= likes + HIDDEN]
    for name in chance.sample(names, min(READERS, len(names))):
        own = library.readers[name]
        strangers = sorted(set(range(len(library.papers))) - set(own))
        for _ in range(draws):
            mine = chance.sample(own, likes + HIDDEN)
            others = chance.sample(strangers, CANDIDATES - HIDDEN + BACKGROUND)
            yield Trial(
                likes=mine[:likes],
                candidates=mine[likes:] + others[: CANDIDATES - HIDDEN],
                background=others[CANDIDATES - HIDDEN :],
            )


def ndcg(scores: Any, order: Rows) -> float:
    """Return nDCG@10 (Järvelin and Kekäläinen 2002); ties are broken by `order`, a shuffle."""
    ranked = sorted(range(len(scores)), key=lambda n: (-float(scores[n]), order[n]))[:TOP]
    gain = sum(1 / np.log2(place + 2) for place, n in enumerate(ranked) if n < HIDDEN)
    return float(gain / sum(1 / np.log2(place + 2) for place in range(HIDDEN)))


# --- Ways to rank -----------------------------------------------------------------------------


def _labelled(rows: Any, trial: Trial) -> tuple[Any, Any]:
    known = vstack([rows[list(trial.likes)], rows[list(trial.background)]])
    return known, np.r_[np.ones(len(trial.likes)), np.zeros(len(trial.background))]


def chance_alone(library: Library, trial: Trial) -> Any:
    """Rank at random."""
    del library
    return np.zeros(len(trial.candidates))


def arxiv_sanity(library: Library, trial: Trial) -> Any:
    """Rank as arxiv-sanity-lite does."""
    machine = LinearSVC(class_weight="balanced", max_iter=10_000, tol=1e-6, C=0.01, random_state=0)
    machine.fit(*_labelled(library.sanity, trial))
    return machine.decision_function(library.sanity[list(trial.candidates)])


def centroid(library: Library, trial: Trial) -> Any:
    """Rank by the cosine to the mean of the likes."""
    middle = np.asarray(library.stemmed[list(trial.likes)].mean(axis=0)).ravel()
    return library.stemmed[list(trial.candidates)] @ middle


def regression(library: Library, trial: Trial) -> Any:
    """Rank by a logistic regression."""
    model = LogisticRegression(C=10, class_weight="balanced", solver="liblinear", max_iter=300)
    model.fit(*_labelled(library.stemmed, trial))
    return model.decision_function(library.stemmed[list(trial.candidates)])


def latent(library: Library, trial: Trial) -> Any:
    """Rank by the cosine to the mean of the likes in the latent space."""
    return library.latent[list(trial.candidates)] @ library.latent[list(trial.likes)].mean(axis=0)


def words_and_latent(library: Library, trial: Trial) -> Any:
    """Rank by the sum of two cosines, each in standard deviations."""
    return sum(
        (cosines - cosines.mean()) / max(cosines.std(), 1e-9)
        for cosines in (centroid(library, trial), latent(library, trial))
    )


def nearest_meaning(library: Library, trial: Trial) -> Any:
    """Rank by the mean similarity of embeddings, as zotero-arxiv-daily does."""
    meanings = library.with_meanings.meanings
    return meanings[list(trial.candidates)] @ meanings[list(trial.likes)].mean(axis=0)


def three_nearest(library: Library, trial: Trial) -> Any:
    """Rank by the mean similarity to the three nearest likes."""
    meanings = library.with_meanings.meanings
    near = meanings[list(trial.candidates)] @ meanings[list(trial.likes)].T
    return np.sort(near, axis=1)[:, -3:].mean(axis=1)


def words_and_meaning(library: Library, trial: Trial) -> Any:
    """Rank by the sum of two cosines, each in standard deviations."""
    return sum(
        (cosines - cosines.mean()) / max(cosines.std(), 1e-9)
        for cosines in (centroid(library, trial), nearest_meaning(library, trial))
    )


def _ours(seen: spaces.Seen, trial: Trial) -> Any:
    model = models.learn_seen(seen.rows(trial.background), seen.rows(trial.likes))
    return models.chances(seen.rows(trial.candidates), [model])[:, 0]


def ours(library: Library, trial: Trial) -> Any:
    """Rank as the newsletter does."""
    return _ours(library.seen, trial)


def ours_with_embeddings(library: Library, trial: Trial) -> Any:
    """Rank as the newsletter does where the extra is installed."""
    return _ours(library.with_meanings, trial)


WAYS: dict[str, Callable[[Library, Trial], Any]] = {
    "random": chance_alone,
    "arxiv-sanity-lite": arxiv_sanity,
    "TF-IDF centroid": centroid,
    "logistic regression": regression,
    "LSA 200 centroid": latent,
    "TF-IDF + LSA": words_and_latent,
    "ours": ours,
}


WITH_EMBEDDINGS: dict[str, Callable[[Library, Trial], Any]] = {
    "zotero-arxiv-daily": nearest_meaning,
    "MiniLM, three nearest": three_nearest,
    "TF-IDF + MiniLM": words_and_meaning,
    "ours with embeddings": ours_with_embeddings,
}


def interval(values: Sequence[float]) -> float:
    """Return half the width of a 95% interval of the mean."""
    return float(1.96 * statistics.stdev(values) / len(values) ** 0.5)


# --- What a chance is worth -------------------------------------------------------------------

BINS = (0.0, 0.01, 0.03, 0.1, 0.2, 0.4, 1.0)


def show_chances(told: Sequence[float], kept: Sequence[bool], name: str) -> float:
    """Print how often papers with a chance were kept; return the Brier score (Brier 1950).

    It is divided by that of whoever gives every paper the same chance, the share of those kept.
    """
    chances, hits = np.array(told), np.array(kept, dtype=float)
    brier = float(((chances - hits) ** 2).mean())
    share = float(hits.mean())
    print(f"{name}: Brier score {brier:.5f}; {share * (1 - share):.5f} of who tells all the same")
    print("  chance told   papers   mean told   share kept")
    for low, high in pairwise(BINS):
        here = (chances >= low) & ((chances < high) | (high == 1.0))
        if here.any():
            mean, found = chances[here].mean(), hits[here].mean()
            print(f"  {low:4.2f} to {high:4.2f} {here.sum():8} {mean:11.3f} {found:12.3f}")
    return brier / (share * (1 - share))


# --- A topic of a few words -------------------------------------------------------------------

SEED = "aligning language models with human preferences"
ABOUT_IT = re.compile(
    r"align|preferen|reward|rlhf|\bdpo\b|grpo|human feedback|judge|safety|value|refus",
    re.IGNORECASE,
)
"""Words of a title by which it is on the topic."""
REGULAR, KNOWN = 15, 2000
"""Papers of a regular day; papers that are known before the first day that is judged."""


def seed_topic(data: Path) -> tuple[list[tuple[int, float]], list[tuple[int, float]]]:
    """Return, of regular days and of quiet ones, how many papers were picked, and how rightly."""
    days = feed_days(data)
    known: dict[str, Paper] = {}
    while days and len(known) < KNOWN:
        known |= {paper.id: paper for paper in days.pop(0)}
    if not days:
        return [], []
    space = spaces.Space(list(known.values()))
    model = models.learn(space, [Paper(id="seed", keys=("x",), title=SEED, url="")])
    topic = Topic(
        name="seed", title="Seed", match=parse_match("alignment"), limit=TOP, min_score=0.3,
        weights=(("relevance", 1.0), ("taste", 1.0)), like=(SEED,),
    )  # fmt: skip
    found: tuple[list[tuple[int, float]], list[tuple[int, float]]] = ([], [])
    for day in days:
        new = [paper for paper in {copy.id: copy for copy in day}.values() if paper.id not in known]
        known |= {paper.id: paper for paper in new}
        if not new:
            continue
        values = models.chances(space.see(new), [model])[:, 0]
        marks = {
            paper.id: Mark(chance=float(value), reason=lambda: Reason(kind=ReasonKind.LIKED))
            for paper, value in zip(new, values, strict=True)
        }
        picks = choose(pick_papers(new, [topic], NOW, {topic.name: marks}), [topic])
        right = sum(bool(ABOUT_IT.search(pick.paper.title)) for pick in picks)
        found[len(new) < REGULAR].append((len(picks), right / max(1, len(picks))))
    return found


VARIETY = 0.2


def cost_of_variety(library: Library) -> tuple[float, float]:
    """Return nDCG@10 and the likeness within the ten, with variety, as shares of those without."""
    topic = Topic(name="t", title="T", match=None, weights=(("taste", 1.0),), limit=TOP)
    sums = {0.0: [0.0, 0.0], VARIETY: [0.0, 0.0]}
    for trial in list(trials(library, 5, 1))[:100]:
        values = ours(library, trial)
        picks = [
            Pick(
                paper=library.papers[place],
                topic="t",
                score=Score(total=float(value), parts=(), overall=float(value)),
                reasons=(),
            )
            for place, value in zip(trial.candidates, values, strict=True)
        ]
        for variety, summed in sums.items():
            chosen = [int(pick.paper.id) for pick in choose(picks, [topic], variety=variety)]
            hidden = set(trial.candidates[:HIDDEN])
            summed[0] += sum(
                1 / np.log2(n + 2) for n, paper in enumerate(chosen) if paper in hidden
            )
            rows = library.stemmed[chosen]
            summed[1] += float((rows @ rows.T).sum() - len(chosen))
    (found, likeness), (varied, less) = sums[0.0], sums[VARIETY]
    return varied / found, less / likeness


def show_seed(data: Path) -> None:
    """Print what the topic found."""
    for name, some in zip(("regular", "quiet"), seed_topic(data), strict=True):
        picked = [day for day in some if day[0]]
        if picked:
            papers = statistics.fmean(count for count, _ in some)
            right = statistics.fmean(share for _, share in picked)
            print(
                f"seed topic, {len(some):3} {name} days: {papers:.1f} picks, precision {right:.2f}"
            )


def main() -> None:
    """Ask every reader, rank in every way, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="one draw for half of the readers")
    parser.add_argument("--json", action="store_true", help="named figures on the last line")
    parser.add_argument("--data", type=Path, help="a folder with readers/papers.jsonl")
    options = parser.parse_args()
    data = options.data or Path(os.environ.get("NEWSLETTER_TEST_DATA") or "missing")
    if not (data / "readers" / "papers.jsonl").is_file():
        print("no libraries to measure on: give --data DIR with readers/", file=sys.stderr)
        if options.json:
            names = ("mean_ratio_to_arxiv_sanity", "worst_ratio_to_arxiv_sanity")
            print(json.dumps(dict.fromkeys(names)))
        return
    library = Library(data)
    ways = WAYS | (WITH_EMBEDDINGS if find_model() else {})
    table: dict[str, list[list[float]]] = {name: [] for name in ways}
    told: dict[str, list[float]] = {name: [] for name in ways if name.startswith("ours")}
    kept: list[bool] = []
    chance = random.Random(0)
    for likes in LIKES:
        # Few readers have many papers: they are asked more often.
        draws = (1 if options.quick else 4) * (5 if likes > 10 else 1)
        asked = list(trials(library, likes, draws))[:: 2 if options.quick else 1]
        orders = [chance.sample(range(CANDIDATES), CANDIDATES) for _ in asked]
        kept += [place < HIDDEN for _ in asked for place in range(CANDIDATES)]
        for name, way in ways.items():
            scores = [way(library, trial) for trial in asked]
            table[name].append(
                [ndcg(some, order) for some, order in zip(scores, orders, strict=True)]
            )
            if name in told:
                told[name] += [float(chance) for some in scores for chance in some]
    print(f"{'nDCG@10':22}" + "".join(f"{k:>6} like{'s' * (k > 1):7}" for k in LIKES) + "  ratio")
    peer = [statistics.fmean(column) for column in table["arxiv-sanity-lite"]]
    ratios: dict[str, list[float]] = {}
    for name, columns in table.items():
        ratios[name] = [
            statistics.fmean(column) / base for column, base in zip(columns, peer, strict=True)
        ]
        cells = (f"{statistics.fmean(column):7.3f} ±{interval(column):.3f} " for column in columns)
        print(f"{name:22}{''.join(cells)} {statistics.fmean(ratios[name]):6.3f}")
    brier = {name: show_chances(some, kept, name) for name, some in told.items()}
    left, likeness = cost_of_variety(library)
    print(f"variety {VARIETY}: {left:.3f} of nDCG@10 kept, likeness within the ten {likeness:.2f}")
    show_seed(data)
    print("ours / arxiv-sanity   " + "".join(f"{ratio:7.3f}        " for ratio in ratios["ours"]))
    if options.json:
        figures = {
            "mean_ratio_to_arxiv_sanity": round(statistics.fmean(ratios["ours"]), 4),
            "worst_ratio_to_arxiv_sanity": round(min(ratios["ours"]), 4),
            "brier_ratio_to_constant": round(brier["ours"], 4),
        }
        if find_model():
            means = {
                name: [statistics.fmean(column) for column in some] for name, some in table.items()
            }
            pairs = zip(means["ours with embeddings"], means["zotero-arxiv-daily"], strict=True)
            zotero = [own / other for own, other in pairs]
            figures |= {
                "mean_ratio_to_zotero_arxiv_daily": round(statistics.fmean(zotero), 4),
                "worst_ratio_to_zotero_arxiv_daily": round(min(zotero), 4),
                "mean_ratio_to_arxiv_sanity_with_embeddings": round(
                    statistics.fmean(ratios["ours with embeddings"]), 4
                ),
            }
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
