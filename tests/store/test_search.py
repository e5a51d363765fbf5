"""Search of papers by words, authors and dates, and of papers that say the same in other words."""

from __future__ import annotations

import datetime as dt
import random
import re
from pathlib import Path

import pytest
from corpora.papers import feed_papers
from hypothesis import given
from hypothesis import strategies as st
from makers import NOW, make_paper, open_test_database

from newsletter.model import Paper
from newsletter.store import Database, PaperStore, Query, SearchStore
from newsletter.store.search import MOST_COUNTED

FIELDS = {
    "alignment": "preference reward human feedback tuning policy assistants helpful".split(),
    "proteins": "fold amino residue enzyme binding ligand sequence structure".split(),
    "robots": "grasp arm gripper walk terrain torque joint controller".split(),
}
COMMON = [f"common{number}" for number in range(60)]


def invented(count: int = 480) -> list[Paper]:
    """Return papers of three fields, half of which do not name it, and of many others."""
    names = list(FIELDS)
    made = []
    for number in range(1, count + 1):
        chance = random.Random(number)
        field = names[number % 9] if number % 9 < 3 else "others"
        own = FIELDS.get(field) or [f"{word}{number}" for word in COMMON[:8]]
        words = chance.sample(own, 4)
        said = field if number % 2 else "them"
        text = [*chance.sample(own, 5), *chance.sample(COMMON, 12), said]
        made.append(
            make_paper(
                number,
                title=" ".join(words).capitalize(),
                abstract=" ".join(text),
                authors=(f"Ada Byron{number % 7}", "Émilie du Châtelet"),
                sightings=(),
            )
        )
    return made


@pytest.fixture(scope="module")
def database(backend: str, tmp_path_factory: pytest.TempPathFactory) -> Database:
    database = open_test_database(tmp_path_factory.mktemp(f"search-{backend}"))
    store = PaperStore(database)
    papers = invented()
    for day in range(4):
        store.save(papers[day::4], NOW + dt.timedelta(days=day))
    store.save(
        [
            make_paper(
                901,
                title="用于机器学习的蛋白质模型",
                abstract="我们提出了BERT模型。",
                authors=("王小明",),
            ),
            make_paper(902, title="画像認識のための学習", abstract="", authors=("山田太郎",)),
            make_paper(903, title="언어모델을 학습한다", abstract="", authors=("김철수",)),
            make_paper(904, title="การเรียนรู้ของเครื่อง", abstract="", authors=()),
            make_paper(
                905, title="Neural naïveté in GPT-4", abstract="Self-supervised.", authors=()
            ),
        ],
        NOW,
    )
    return database


@pytest.fixture
def search(database: Database) -> SearchStore:
    return SearchStore(database)


def titles(search: SearchStore, words: str) -> list[str]:
    return [paper.title for paper in search.find(Query(words=words), limit=20).papers]


@pytest.mark.parametrize(
    "words", ["naivete", "naïveté", "gpt 4", '"GPT-4"', "self-supervised", "neural"]
)
def test_words_are_found_in_any_spelling(search: SearchStore, words: str) -> None:
    """Without case, accents and hyphens; in any form."""
    assert titles(search, words) == ["Neural naïveté in GPT-4"]


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("机器学习", 901), ("蛋白质", 901), ("模型 蛋白", 901), ("BERT模型", 901), ("小明", 901),
        ("学習", 902), ("画像認識", 902), ("学습", 0), ("学习器", 0), ("학습", 903), ("모델", 903), ("เรียนรู้", 904),
    ],
)  # fmt: skip
def test_scripts_without_spaces_are_found_by_any_part(
    search: SearchStore, words: str, number: int
) -> None:
    """As readers of Chinese, Japanese, Korean and Thai expect; letters that stand apart are not found."""
    found = search.find(Query(words=words), limit=20).papers

    assert [paper.id for paper in found] == [f"arxiv:2603.{99000 + number}"] * bool(number)


def test_the_stored_paper_is_as_it_was_written(search: SearchStore) -> None:
    """Only the index has spaces between such letters."""
    assert titles(search, "蛋白质") == ["用于机器学习的蛋白质模型"]


def test_words_in_quotation_marks_stand_together(search: SearchStore) -> None:
    """A mark that is never closed quotes nothing."""
    assert titles(search, '"neural naivete"')
    assert not titles(search, '"naivete neural"')
    assert titles(search, '"naivete neural')
    assert titles(search, "“neural naivete”")


def test_everything_that_is_given_must_hold(search: SearchStore) -> None:
    """Words, authors and days."""
    first, last = NOW.date(), NOW.date() + dt.timedelta(days=3)
    some = search.find(Query(words="enzyme", author="byron3", since=first, until=first), limit=50)
    both = search.find(Query(words="enzyme", author="byron3", since=first, until=last), limit=50)

    assert some.papers
    assert {paper.id for paper in some.papers} < {paper.id for paper in both.papers}
    assert all("Byron3" in paper.authors[0] for paper in both.papers)
    assert search.find(Query(author="byron3"), limit=50).total > both.total
    assert not search.find(Query(words="enzyme", since=last + dt.timedelta(days=1)), limit=5).total


def test_days_alone_list_the_newest_first(search: SearchStore) -> None:
    """And nothing at all finds nothing."""
    last = NOW.date() + dt.timedelta(days=3)
    found = search.find(Query(since=last - dt.timedelta(days=1)), limit=500)

    assert found.total == len(found.papers) == 240
    assert search.find(Query(since=last, until=NOW.date()), limit=5).papers == ()
    assert search.find(Query(), limit=5).total == 0


@pytest.mark.parametrize("way", ["find", "about"])
def test_pages_hold_everything_once(search: SearchStore, way: str) -> None:
    """In one order, whatever the size of a page; the total is told on each."""
    ask = getattr(search, way)
    whole = ask(Query(words="alignment"), limit=200)
    pages = [ask(Query(words="alignment"), limit=7, offset=start) for start in range(0, 200, 7)]
    ids = [paper.id for page in pages for paper in page.papers]

    assert ids == [paper.id for paper in whole.papers]
    assert len(ids) == len(set(ids)) == whole.total
    assert {page.total for page in pages} == {whole.total}


def test_what_says_the_same_in_other_words_is_found(search: SearchStore) -> None:
    """Papers without the word, of the field of those that have it; they are told apart."""
    found = search.about(Query(words="alignment"), limit=60)
    others = [paper for paper in found.papers if paper.id in found.without]
    words = set(FIELDS["alignment"])

    assert len(others) >= 20
    assert all("alignment" not in paper.abstract for paper in others)
    assert all(words & set(paper.title.lower().split()) for paper in others)
    assert found.papers[0].id not in found.without


@pytest.mark.parametrize("words", ['"alignment"', "Byron3", "du Châtelet"])
def test_who_means_just_that_gets_just_that(search: SearchStore, words: str) -> None:
    """Words in quotation marks, and names of people."""
    about, found = (
        search.about(Query(words=words), limit=20),
        search.find(Query(words=words), limit=20),
    )

    assert about == found
    assert found.papers


def test_some_of_the_words_are_better_than_nothing(search: SearchStore) -> None:
    """When no paper has all of them."""
    found = search.about(Query(words="enzyme gripper unheard"), limit=10)

    assert found.papers
    assert found.without == {paper.id for paper in found.papers}
    assert not search.find(Query(words="enzyme gripper unheard"), limit=10).papers
    assert not search.about(Query(words="unheard"), limit=10).papers


def test_a_word_of_one_paper_finds_what_is_like_it(search: SearchStore, database: Database) -> None:
    """There is nothing else to learn from."""
    paper = make_paper(
        950,
        title="Wyrmfold: enzyme ligand binding",
        abstract="An amino residue sequence.",
        sightings=(),
    )
    PaperStore(database).save([paper], NOW)
    found = search.about(Query(words="wyrmfold"), limit=20)

    assert found.papers[0].id == paper.id
    assert len(found.papers) > 5
    assert all(
        "proteins" in paper.abstract or "them" in paper.abstract for paper in found.papers[1:]
    )


def test_of_common_words_the_newest_findings_are_ranked(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To rank half of all papers would take too long; they are counted all the same."""
    monkeypatch.setattr("newsletter.store.search.RANKED", 10)
    found = SearchStore(database).find(Query(words="alignment"), limit=50)
    newest = SearchStore(database).find(Query(since=NOW.date()), limit=1000).papers
    having = [paper.id for paper in newest if "alignment" in paper.abstract]

    assert {paper.id for paper in found.papers} == set(having[:10])
    assert found.total == len(having)


def test_few_papers_can_be_searched(tmp_path: Path) -> None:
    """Too few to tell which words are rare: then by words alone."""
    database = open_test_database(tmp_path, "few.db")
    store = SearchStore(database)
    assert store.about(Query(words="enzyme"), limit=5).total == 0
    PaperStore(database).save(invented(12), NOW)

    found = store.about(Query(words="alignment"), limit=20)

    assert found.papers
    assert not found.without


def test_new_papers_are_found_at_once(tmp_path: Path) -> None:
    """A long-lived store sees what others write, and changed texts."""
    database = open_test_database(tmp_path, "new.db")
    store, papers = SearchStore(database), PaperStore(database)
    papers.save([make_paper(1, title="Old words")], NOW)
    assert store.about(Query(words="old"), limit=5).total == 1
    papers.save([make_paper(1, title="New words")], NOW)

    assert store.find(Query(words="old"), limit=5).total == 0
    assert store.find(Query(words="new"), limit=5).total == 1


HOSTILE = [
    '"', '""', '"""', "*", "^", "-", "NEAR", "NEAR(", "NEAR(a b, 5)", "AND", "OR OR", "NOT", "a NOT", "(", ")",
    "a*", "^a", "title:", "title : a", "-title : x", "{title abstract} : x", "a + b", "\x00", "a\x00b", "'; DROP TABLE paper;--",
    "\ud800", "\U0010ffff", "_", "___ a", "·", "²", "ǅ", "İ", "\u0301", "\u200d", "𝔘𝔫𝔦", "🤖", "a" * 10_000, "word " * 2_000,
    "学" * 10_000, '"' * 10_000, '"a b" ' * 2_000, "\ufdfa", "ﷺ x", "\u0e31", "a\r\nb", "%", "\\", "?", ":a", "@x",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_query_is_a_command(search: SearchStore, text: str) -> None:
    """Signs of the language of FTS5 are only signs, in every field."""
    for query in (
        Query(words=text),
        Query(author=text),
        Query(words=text, author=text),
        Query(words=f"enzyme {text}"),
    ):
        assert search.find(query, limit=3).total >= 0
        assert search.about(query, limit=3).total >= 0


PIECES = st.sampled_from(
    [*HOSTILE, "enzyme", "alignment", " ", "AND", "学习", "OR", "NOT", "NEAR", '"', "*"]
)


@given(
    words=st.one_of(st.text(), st.lists(PIECES, max_size=8).map("".join)),
    author=st.one_of(st.just(""), st.text(max_size=20), PIECES),
    limit=st.integers(),
    offset=st.integers(),
    since=st.one_of(st.none(), st.dates()),
    until=st.one_of(st.none(), st.dates()),
)
def test_no_query_raises(
    database: Database,
    words: str,
    author: str,
    limit: int,
    offset: int,
    since: dt.date | None,
    until: dt.date | None,
) -> None:
    """Whatever somebody types, and whatever page they ask for."""
    search = SearchStore(database)
    query = Query(words=words, author=author, since=since, until=until)

    for found in (
        search.find(query, limit=limit, offset=offset),
        search.about(query, limit=limit, offset=offset),
    ):
        assert len(found.papers) <= max(0, min(limit, MOST_COUNTED))
        assert len(found.papers) <= found.total <= MOST_COUNTED
        assert found.without <= {paper.id for paper in found.papers}


CONCEPTS = {
    "alignment": (r"preference optimi[sz]|\bdpo\b|rlhf|reward model|human feedback", r"align"),
    "hallucination": (r"factual|faithful|grounded", r"hallucinat"),
    "protein": (r"molecul|drug|biolog|genom|antibod|chemi", r"protein"),
    "robot": (r"embodied|manipulation|\bvla\b|vision-language-action", r"robot"),
    "speech": (r"audio|voice|\btts\b|\basr\b", r"speech"),
    "chain of thought": (r"reasoning", r"chain.of.thought"),
    "pruning": (r"spars|compress|quanti[sz]", r"prun"),
    "jailbreak": (r"safety|red.team|attack|adversarial", r"jailbr"),
    "text to video": (r"video generat|video diffusion", r"text.to.video"),
    "long context": (r"kv.cache|memory|sparse attention|context window", r"long.context"),
    "retrieval augmented generation": (r"\brag\b|retriev", r"retrieval.augmented.generation"),
    "code generation": (r"software engineer|\bswe\b|program synthesis|coding|programming", r"code generation"),
}  # fmt: skip
"""A query, what papers on the same say in other words, and the query's own words in any form. They
were chosen before any result was seen."""


@pytest.mark.data
def test_the_meaning_of_a_query_is_found_among_real_papers(data: Path, tmp_path: Path) -> None:
    """Papers without the query's words are on its concept much more often than papers by chance."""
    papers = feed_papers(data, every=4)
    database = open_test_database(tmp_path, "real.db")
    PaperStore(database).save(papers, NOW)
    search = SearchStore(database)
    shares, usual, first = [], [], 0
    for words, (wanted, own) in CONCEPTS.items():
        concept, said = re.compile(wanted, re.IGNORECASE), re.compile(own, re.IGNORECASE)

        def is_on_it(paper: Paper, concept: re.Pattern[str] = concept) -> bool:
            return concept.search(f"{paper.title} {paper.abstract}") is not None

        found = search.about(Query(words=words), limit=100)
        others = [paper for paper in found.papers if paper.id in found.without]
        strange = [paper for paper in papers if not said.search(f"{paper.title} {paper.abstract}")]
        shares.append(sum(map(is_on_it, others)) / len(others))
        usual.append(sum(map(is_on_it, strange)) / len(strange))
        page = search.about(Query(words=words), limit=20)
        first += any(map(is_on_it, (paper for paper in page.papers if paper.id in page.without)))

    assert sum(shares) / len(shares) > 4 * sum(usual) / len(usual)
    assert sum(share > 2 * by_chance for share, by_chance in zip(shares, usual, strict=True)) >= 9
    assert first >= 11
