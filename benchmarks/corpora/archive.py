"""An archive of many papers: real ones, or those of the invented day, varied and mixed."""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from corpora.papers import NOW, feed_papers
from newsletter.doctor.sample import sample_papers
from newsletter.model import Paper
from newsletter.store import Database
from newsletter.store.chunks import chunks
from newsletter.store.papers import paper_data, search_words
from newsletter.store.tables import paper_keys, paper_texts, papers

DAYS = 600
"""Over how many days the papers were seen."""
_SENTENCE = re.compile(r"(?<=[.!?]) ")


def real_papers(data: Path, every: int = 1) -> list[Paper]:
    """Return the papers of a folder of feeds, or those of the invented day."""
    return feed_papers(data, every) or list(sample_papers(NOW))


def varied(real: Sequence[Paper], count: int, chance: random.Random) -> Iterator[Paper]:
    """Yield papers with titles of real ones, and with sentences of these and of two others.

    So each word is in as large a share of them as in the real ones.
    """
    sentences = [_SENTENCE.split(paper.abstract) for paper in real]
    for number in range(count):
        places = [chance.randrange(len(real)) for _ in range(3)]
        text = [
            sentence
            for place, most in zip(places, (3, 2, 2), strict=True)
            for sentence in chance.sample(sentences[place], min(most, len(sentences[place])))
        ]
        word = chance.choice(chance.choice(real).title.split())
        key = f"varied:{number}"
        yield replace(
            real[places[0]],
            id=key,
            keys=(key,),
            title=f"{real[places[0]].title} {word}",
            abstract=" ".join(text),
        )


def fill(database: Database, made: Iterator[Paper], count: int) -> None:
    """Write papers as `PaperStore.save` does, but many at once."""
    start = NOW - dt.timedelta(days=DAYS)
    number = 0
    for some in chunks(islice(made, count), 5_000):
        rows, texts = [], []
        for paper in some:
            seen = start + dt.timedelta(days=DAYS * number // count)
            number += 1
            rows.append(
                {"id": paper.id, "data": paper_data(paper), "published": seen, "first_seen": seen}
            )
            texts.append({"paper": paper.id, "day": seen.date(), **search_words(paper)})
        with database.transaction() as connection:
            connection.execute(papers.insert(), rows)
            connection.execute(
                paper_keys.insert(), [{"key": row["id"], "paper": row["id"]} for row in rows]
            )
            connection.execute(paper_texts.insert(), texts)
