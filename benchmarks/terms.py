"""Terms against words as real papers spell them, and against words that are nearly the same.

    python benchmarks/terms.py [--quick] [--json] [--data DIR]

Recall: 30 pairs of spellings of one word. A regular expression, which shares nothing with our
folding, finds the papers that have either; a term for each spelling has to find all of them. The
mean over pairs counts, so that no popular word hides a rare one. What a term finds and the
expression does not is printed as well.

Confused: 60 terms, each with a sentence that has a near miss of it and must not be found, by itself
nor by the matcher of all terms at once.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
from collections.abc import Sequence
from pathlib import Path

from corpora.papers import NOW, feed_papers

from newsletter.doctor.sample import sample_papers
from newsletter.model import Paper
from newsletter.pick.filters.folding import Folded, fold_paper
from newsletter.pick.filters.language import parse_match
from newsletter.pick.filters.scanning import Matcher

PAIRS = (
    ("GPU", "GPUs", r"GPUs?"),
    ("API", "APIs", r"APIs?"),
    ("VLA", "VLAs", r"VLAs?"),
    ("Gaussian process", "Gaussian processes", r"Gaussian[\s-]process(?:es)?"),
    ("mesh", "meshes", r"mesh(?:es)?"),
    ("loss", "losses", r"loss(?:es)?"),
    ("bias", "biases", r"bias(?:es)?"),
    ("approach", "approaches", r"approach(?:es)?"),
    ("policy", "policies", r"polic(?:y|ies)"),
    ("cache", "caches", r"caches?"),
    ("hypothesis", "hypotheses", r"hypothes[ie]s"),
    ("matrix", "matrices", r"matri(?:x|ces|xes)"),
    ("index", "indices", r"ind(?:ex|ices|exes)"),
    ("analysis", "analyses", r"analys[ie]s"),
    ("criterion", "criteria", r"criteri(?:on|a|ons)"),
    ("phenomenon", "phenomena", r"phenomen(?:on|a|ons)"),
    ("axis", "axes", r"ax[ie]s"),
    ("vertex", "vertices", r"vert(?:ex|ices|exes)"),
    ("basis", "bases", r"bas[ie]s"),
    ("corpus", "corpora", r"corp(?:us|ora|uses)"),
    ("child", "children", r"child(?:ren)?"),
    ("pre-training", "pretraining", r"pre[\s-]?training"),
    ("fine tuning", "finetuning", r"fine[\s-]?tuning"),
    ("data set", "dataset", r"data[\s-]?sets?"),
    ("multi-modal", "multimodal", r"multi[\s-]?modal"),
    ("real-time", "realtime", r"real[\s-]?time"),
    ("time step", "timestep", r"time[\s-]?steps?"),
    ("e-mail", "email", r"e-?mails?"),
    ("web page", "webpage", r"web[\s-]?pages?"),
    ("naive", "naïve", r"na[iï]ve"),
)
"""Two spellings, and all that are one word with them."""

NEAR_MISSES = (
    ("policy", "The police of a city"),
    ("police", "A policy for agents"),
    ("art", "A smart cart"),
    ("smart", "The state of the art"),
    ("news", "A new method"),
    ("new", "News of the day"),
    ("process", "A procession in spring"),
    ("universe", "At a university"),
    ("university", "The universe expands"),
    ("lens", "The len of a list"),
    ("bias", "Bia and others"),
    ("gas", "A GA for scheduling"),
    ("GPS", "A GP prior"),
    ("GP", "Positions from GPS"),
    ("dynamics", "Dynamic programming"),
    ("dynamic", "Fluid dynamics"),
    ("genetics", "A genetic test"),
    ("logistics", "Logistic regression"),
    ("logistic", "Logistics of warehouses"),
    ("robotics", "A robotic arm"),
    ("basis", "A base model"),
    ("base", "On this basis"),
    ("axis", "An axe to grind"),
    ("analysis", "Asked by analysts"),
    ("organ", "An organization"),
    ("general", "The next generation"),
    ("import", "An important step"),
    ("opera", "To operate a pump"),
    ("community", "Communism and its end"),
    ("experiment", "From experience"),
    ("class", "A classic"),
    ("mean", "The meaning of life"),
    ("pose", "POS tagging"),
    ("ROS", "A rose is a rose"),
    ("US", "Ways to use it"),
    ("tense", "By the tens"),
    ("ethics", "Ethnic groups"),
    ("graph", "Computer graphics"),
    ("series", "A serial port"),
    ("Java", "Written in JavaScript"),
    ("RAG", "Storage and averages"),
    ("supervised", "Unsupervised learning"),
    ("asynchronous", "With a synchronous update"),
    ("notable", "They were not able to"),
    ("inaccuracy", "A gain in accuracy"),
    ("information", "Birds in formation"),
    ("overall", "Summed over all tasks"),
    ("C++", "Vitamin C and sleep"),
    ("C", "Kernels in C++"),
    ("C#", "Written in C for speed"),
    (".NET", "A net of roads"),
    ("R", "With r = 0.5 and r > 0"),
    ("R", "Faster R-CNN on video"),
    ("GPT-4", "We ask GPT-4o"),
    ("GPT-3", "We ask GPT-3.5"),
    ("T5", "The T-cell of a mouse"),
    ("k-means", "By means of it"),
    ("ガス", "カスタム"),
    ("전문가", "전문 분야의 연구"),
    ("мой", "мои книги"),
)
"""A term, and a text that does not have it."""


def real_papers(data: Path, every: int = 1) -> list[Paper]:
    """Return real papers, of a feed and of readers; without data, the invented ones."""
    papers = feed_papers(data, every)
    saved = data / "readers" / "papers.jsonl"
    if saved.is_file():
        rows = map(json.loads, saved.read_bytes().splitlines())
        papers += [paper_of(row["title"], row["abstract"]) for row in rows]
    return papers or list(sample_papers(NOW))


def paper_of(title: str, abstract: str) -> Paper:
    """Return a paper with these texts."""
    return Paper(id=title, keys=(), title=title, url="", abstract=abstract)


def found_by(terms: Sequence[str], papers: Sequence[Folded]) -> list[set[int]]:
    """Return for each term the places of the papers that have it."""
    matcher = Matcher([parse_match([term]) for term in terms])
    found: list[set[int]] = [set() for _ in terms]
    for place, paper in enumerate(papers):
        for number in matcher.holding(paper):
            found[number].add(place)
    return found


def recall(papers: Sequence[Paper]) -> float:
    """Print how much each pair finds; return the mean."""
    folded = [fold_paper(paper) for paper in papers]
    found = found_by([term for pair in PAIRS for term in pair[:2]], folded)
    shares = []
    for place, (left, right, pattern) in enumerate(PAIRS):
        # Letters and digits end a word, whatever we think of it.
        either = re.compile(rf"(?<![^\W_])(?:{pattern})(?![^\W_])", re.IGNORECASE)
        wanted = {
            number
            for number, paper in enumerate(papers)
            if either.search(f"{paper.title}\n{paper.abstract}")
        }
        if not wanted:
            print(f"{left:>18} | {right:<19} in no paper")
            continue
        both = found[2 * place : 2 * place + 2]
        shares.append(sum(len(wanted & some) for some in both) / (2 * len(wanted)))
        besides = len((both[0] | both[1]) - wanted)
        print(f"{left:>18} | {right:<19} {len(wanted):5} papers, recall {shares[-1]:.3f}, "
              f"{besides} found besides")  # fmt: skip
    return statistics.mean(shares) if shares else 0.0


def confused() -> int:
    """Print the near misses that are found, and return how many there are."""
    texts = [fold_paper(paper_of(text, text)) for _, text in NEAR_MISSES]
    found = found_by([term for term, _ in NEAR_MISSES], texts)
    wrong = [miss for place, miss in enumerate(NEAR_MISSES) if place in found[place]]
    for term, text in wrong:
        print(f"`{term}` finds “{text}”")
    return len(wrong)


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="every fourth day of the feed")
    parser.add_argument("--json", action="store_true", help="named figures on the last line")
    parser.add_argument("--data", type=Path, help="a folder with huggingface/feed and readers")
    options = parser.parse_args()
    data = options.data or Path(os.environ.get("NEWSLETTER_TEST_DATA") or "missing")
    papers = real_papers(data, 4 if options.quick else 1)
    share, wrong = recall(papers), confused()
    print(f"{len(papers)} papers: recall {share:.3f} over {len(PAIRS)} pairs; "
          f"{wrong} of {len(NEAR_MISSES)} near misses confused")  # fmt: skip
    if options.json:
        print(json.dumps({"recall": round(share, 4), "confused": wrong}))


if __name__ == "__main__":
    main()
