"""Services that answer in JSON: bioRxiv, OpenReview, Semantic Scholar, Hacker News, Reddit."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import NOW, make_document, make_source

from newsletter.collect.answers import Document, VisitWindow
from newsletter.collect.kinds.table import KINDS
from newsletter.errors import SourceError

DAY = dt.timedelta(days=1)
WINDOW = VisitWindow(since=NOW - 2 * DAY, until=NOW, reach=NOW - 7 * DAY)


def answer(value: Any, url: str = "https://api.example/q") -> Document:
    return make_document(json.dumps(value), url)


def parse(kind: str, document: Document, **settings: Any) -> Any:
    return KINDS[kind].parse(document, make_source(kind=kind, **settings), NOW)


def located(kind: str, **settings: Any) -> list[str]:
    source = make_source(kind=kind, location="", api="http://a.example", **settings)
    return list(KINDS[kind].locate(source, WINDOW))


PREPRINT = {
    "doi": "10.1101/2026.03.16.000001", "title": "On <i>Drosophila</i>", "authors": "Byron, A.; Li, B.",
    "date": "2026-03-16", "version": "1", "category": "neuroscience", "server": "bioRxiv",
    "abstract": "We see 78&#37;. Code: github.com/ada/fly.", "published": "NA",
    "author_corresponding_institution": "Analytical Society",
}  # fmt: skip


def test_biorxiv() -> None:
    """A page of preprints by date; later versions and other fields are left out; paged by 100."""
    others = [{**PREPRINT, "version": "2"}, {**PREPRINT, "category": "genetics"}, {"title": "x"}]
    page = {"collection": [PREPRINT, *others], "messages": [{"total": "104", "count": 4}]}
    url = "http://a.example/details/biorxiv/2026-03-15/2026-03-17/0/json"

    parsed = parse("biorxiv", answer(page, url), categories=("Neuroscience",))

    (paper,) = parsed.papers
    assert located("biorxiv") == [url]
    assert located("medrxiv") == [url.replace("biorxiv", "medrxiv")]
    assert paper.keys[0] == "doi:10.1101/2026.03.16.000001"
    assert (paper.title, paper.abstract[:11]) == ("On Drosophila", "We see 78%.")
    assert paper.authors == ("Byron, A.", "Li, B.")
    assert paper.url == "https://www.biorxiv.org/content/10.1101/2026.03.16.000001v1"
    assert (paper.code_url, paper.organisation) == (
        "https://github.com/ada/fly",
        "Analytical Society",
    )
    assert (parsed.skipped, parsed.more) == (3, url.replace("/0/", "/4/"))


def test_a_preprint_that_was_published_knows_its_journal() -> None:
    """The API names the journal's DOI: both are one work."""
    published = {**PREPRINT, "published": "10.1038/s1"}

    (paper,) = parse("biorxiv", answer({"collection": [published]})).papers

    assert {"doi:10.1101/2026.03.16.000001", "doi:10.1038/s1"} <= set(paper.keys)


NOTE = {
    "id": "aBcDeF1234", "forum": "aBcDeF1234", "cdate": 1773655200000,
    "content": {
        "title": {"value": "Engines $\\to$ Thought"}, "abstract": {"value": "We do."},
        "authors": {"value": ["Ada Byron", "Bo Li"]}, "TLDR": {"value": "Engines think."},
        "keywords": {"value": ["engines", 3]}, "pdf": {"value": "/pdf/x.pdf"},
        "venue": {"value": "ICLR 2026 Poster"},
    },
}  # fmt: skip


def test_openreview() -> None:
    """Submissions of a venue, in both versions of the API; replies are no papers."""
    old = {**NOTE, "content": {name: field["value"] for name, field in NOTE["content"].items()}}  # type: ignore[attr-defined]
    review = {"id": "r1", "forum": "aBcDeF1234", "content": {"title": {"value": "Review"}}}
    url = "http://a.example/notes?content.venueid=V&limit=3&offset=0"

    new = parse("openreview", answer({"notes": [NOTE, review, "odd"]}, url))
    same = parse("openreview", answer({"notes": [old]}))

    (paper,) = new.papers
    assert same.papers == new.papers
    assert (paper.title, paper.summary, paper.summary_by) == (
        "Engines → Thought",
        "Engines think.",
        "the authors",
    )
    assert (paper.keywords, paper.venue) == (("engines",), "ICLR 2026 Poster")
    assert paper.keys[0] == "openreview:aBcDeF1234"
    assert paper.pdf_url == "https://openreview.net/pdf/x.pdf"
    assert paper.published == dt.datetime(2026, 3, 16, 10, tzinfo=dt.UTC)
    assert new.more.endswith("offset=3")
    assert parse_qs(urlsplit(located("openreview", query="V")[0]).query)["mintcdate"] == [
        str(int(WINDOW.since.timestamp() * 1000))
    ]


def test_semantic_scholar() -> None:
    """Papers on a query, by date; arXiv ids and DOIs make them meet what others show."""
    item = {
        "externalIds": {"ArXiv": "2603.99001", "DOI": "10.1000/XY"}, "title": "Engines",
        "url": "https://www.semanticscholar.org/paper/1", "abstract": None, "citationCount": 12,
        "authors": [{"name": "Ada Byron"}, {}], "venue": "ICML", "publicationDate": "2026-03-16",
        "openAccessPdf": {"url": "ftp://x/y.pdf"}, "fieldsOfStudy": ["Computer Science", None],
    }  # fmt: skip

    parsed = parse(
        "semantic-scholar",
        answer(
            {"total": 9, "token": "T", "data": [item, {"title": "no id"}]}, "http://a/q?query=x"
        ),
    )

    (paper,) = parsed.papers
    assert paper.keys[:2] == ("arxiv:2603.99001", "doi:10.1000/xy")
    assert (paper.url, paper.venue, paper.citations) == (
        "https://arxiv.org/abs/2603.99001",
        "ICML",
        12,
    )
    assert (paper.pdf_url, paper.categories) == ("", ("Computer Science",))
    assert (parsed.skipped, parsed.more) == (1, "http://a/q?query=x&token=T")
    asked = located("semantic-scholar", query="agents", authors=("1741101",))
    assert "publicationDateOrYear=2026-03-12%3A" in asked[0]
    assert asked[1].startswith("http://a.example/author/1741101/papers?")


def test_hacker_news() -> None:
    """Stories that link to a paper are its discussions, with points and comments."""
    hits = [
        {"objectID": "42", "url": "https://arxiv.org/pdf/2603.99001v3", "points": 99, "num_comments": 7},
        {"objectID": "43", "url": "https://blog.example/post?utm_source=hn", "points": None},
        {"objectID": "44", "url": None},
    ]  # fmt: skip

    parsed = parse(
        "hackernews", answer({"hits": hits, "page": 0, "nbPages": 2}, "http://a/s?page=0")
    )

    first, second = parsed.mentions
    assert first.keys == ("arxiv:2603.99001",)
    assert first.sighting.url == "https://news.ycombinator.com/item?id=42"
    assert (first.sighting.votes, first.sighting.comments) == (99, 7)
    assert second.keys == ("url:blog.example/post",)
    assert (parsed.papers, parsed.skipped, parsed.more) == ((), 1, "http://a/s?page=1")
    # Points come over days, so that older stories are asked for again.
    query = parse_qs(urlsplit(located("hackernews")[0]).query)
    assert query["numericFilters"] == [f"created_at_i>{int((NOW - 3 * DAY).timestamp())}"]


def test_reddit() -> None:
    """Posts that link to a paper, or speak of a few; a round-up discusses none of its papers."""

    def post(**data: Any) -> dict[str, Any]:
        return {"data": {"permalink": "/r/ML/comments/1/x/", "score": 5, "num_comments": 2, **data}}

    many = " ".join(f"arxiv.org/abs/2603.9900{n}" for n in range(5))
    posts = [
        post(url="https://arxiv.org/abs/2603.99001", title="[R] A paper"),
        post(
            is_self=True, title="On arXiv:2603.99002", selftext="and https://doi.org/10.1000/xyz."
        ),
        post(is_self=True, title="This week", selftext=many),
        post(url="https://i.redd.it/x.png", permalink="https://evil.example/"),
    ]

    parsed = parse("reddit", answer({"data": {"children": posts}}))

    assert [mention.keys for mention in parsed.mentions] == [
        ("arxiv:2603.99001",),
        ("arxiv:2603.99002",),
        ("doi:10.1000/xyz",),
    ]
    assert parsed.mentions[0].sighting.url == "https://www.reddit.com/r/ML/comments/1/x/"
    assert parsed.skipped == 2
    assert located("reddit", query="ML+LocalLLaMA")[0].startswith(
        "http://a.example/r/ML+LocalLLaMA/top.json"
    )


JSON_KINDS = [
    "biorxiv",
    "hackernews",
    "huggingface",
    "openreview",
    "reddit",
    "semantic-scholar",
]


@pytest.mark.parametrize("kind", JSON_KINDS)
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"error": "Too many requests"}', "says: Too many requests"),
        (b'{"message": "Forbidden"}', "says: Forbidden"),
        (b'{"errors": [1]}', "JSON, but"),
        (b"<html>", "not valid JSON"),
        (b"", "not valid JSON"),
        (b"null", "JSON, but"),
    ],
)
def test_an_error_is_told_in_the_services_own_words(kind: str, content: bytes, reason: str) -> None:
    """Whatever it answers instead of papers becomes one line with its address."""
    with pytest.raises(SourceError, match=reason) as caught:
        parse(kind, make_document(content, "https://api.example/q"))

    assert str(caught.value).startswith("https://api.example/q")
    assert "\n" not in str(caught.value)


FIELDS = (
    "collection hits data notes children paper title abstract authors name doi version date category "
    "content value id forum url permalink selftext objectID points externalIds ArXiv DOI messages "
    "total page nbPages token publicationDate cdate upvotes githubRepo organization fullname"
).split()
ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=12)
    | st.sampled_from(["https://arxiv.org/abs/2603.99001", "2026-03-17", "10.1000/x", "/r/a"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=8)
    ),
    max_leaves=25,
)


@pytest.mark.parametrize("kind", JSON_KINDS)
@given(value=ODD)
def test_odd_fields_lose_themselves_and_nothing_else(kind: str, value: Any) -> None:
    """Any JSON at all gives papers or one line: no field can break the others."""
    wrapped = {"collection": [value], "hits": [value], "notes": [value], "data": [value]}
    listing: Any = {"data": {"children": [value]}} if kind == "reddit" else wrapped
    for document in (
        answer(value),
        answer([value] if kind == "huggingface" else listing, "http://a/details/0/json?offset=0"),
    ):
        try:
            parsed = parse(kind, document)
        except SourceError as error:
            assert "\n" not in str(error)
            continue
        assert all(paper.title and paper.id == paper.keys[0] for paper in parsed.papers)


def test_openreview_under_review_and_accepted() -> None:
    """Papers under review are a venue of their own; accepted ones are new by `pdate`."""
    asked = [parse_qs(urlsplit(url).query) for url in located("openreview", query="V/Conference")]
    accepted = {**NOTE, "cdate": 1758000000000, "pdate": 1773655200000}
    earlier = {**NOTE, "id": "old", "forum": "old", "pdate": 1758000000000}

    parsed = parse("openreview", answer({"notes": [accepted, earlier]}))

    assert [query["content.venueid"] for query in asked] == [
        ["V/Conference/Submission"],
        ["V/Conference"],
    ]
    assert ["mintcdate" in query for query in asked] == [True, False]
    assert [f"{paper.published:%Y-%m-%d}" for paper in parsed.papers] == ["2026-03-16"]
    assert parsed.skipped == 1


def test_hugging_face_in_pages() -> None:
    """A full page leads to the next one; a shorter, or a longer one than asked, is the last."""
    url = located("huggingface")[1]

    def more(papers: int) -> str:
        page = [{"paper": {"id": f"2603.{99001 + n}", "title": "T"}} for n in range(papers)]
        return str(parse("huggingface", answer(page, url)).more)

    assert url.endswith("?date=2026-03-16&limit=50&p=0")
    assert more(50) == url.replace("p=0", "p=1")
    assert more(49) == more(51) == ""


def test_works_without_a_date_are_no_news() -> None:
    """An author's page of Semantic Scholar lists every work; undated ones are counted."""
    works = [
        {"title": "Old", "externalIds": {"DOI": "10.1000/a"}, "publicationDate": None},
        {"title": "New", "externalIds": {"DOI": "10.1000/b"}, "publicationDate": "2026-03-16"},
    ]

    parsed = parse("semantic-scholar", answer({"data": works}))

    assert [paper.title for paper in parsed.papers] == ["New"]
    assert (parsed.skipped, parsed.note) == (1, "1 without a date")


def test_a_category_that_bio_rxiv_does_not_have() -> None:
    """The source's line says which is meant; case, hyphens and `&` make no difference."""
    page = answer({"collection": [{**PREPRINT, "category": "cell biology"}]})

    unknown = parse("biorxiv", page, categories=("neurosciense", "psychiatry", "xyz"))
    known = parse("biorxiv", page, categories=("Cell-Biology", "Pharmacology & Toxicology"))

    assert unknown.note == (
        "no category `neurosciense`: did you mean `neuroscience`?; no category `psychiatry`: "
        "did you mean `psychiatry and clinical psychology`?; no category `xyz`"
    )
    assert (len(known.papers), known.note) == (1, "")


def test_withdrawn_papers_are_no_news() -> None:
    """By their title or by what stands in place of the abstract; they are counted."""
    page = [
        {**PREPRINT, "title": "WITHDRAWN: On flies"},
        {**PREPRINT, "abstract": "The authors have withdrawn their manuscript."},
        {**PREPRINT, "type": "withdrawn"},
        {**PREPRINT, "title": "Withdrawn flies", "abstract": "We study withdrawn flies."},
    ]

    parsed = parse("biorxiv", answer({"collection": page}))

    assert [paper.title for paper in parsed.papers] == ["Withdrawn flies"]
    assert parsed.note == "3 withdrawn"


def test_authors_as_objects_and_dates_that_are_none() -> None:
    """OpenReview names people as texts or as profiles; a date that is none is counted."""
    people = {**NOTE["content"], "authors": {"value": [{"fullname": "Ada Byron"}, "Bo Li"]}}  # type: ignore[dict-item]
    (paper,) = parse("openreview", answer({"notes": [{**NOTE, "content": people}]})).papers
    preprint = {**PREPRINT, "authors": "King, M., Jr.; Li, B.", "date": "soon"}
    parsed = parse("biorxiv", answer({"collection": [preprint]}))

    assert paper.authors == ("Ada Byron", "Bo Li")
    assert parsed.papers[0].authors == ("King, M. Jr.", "Li, B.")
    assert (parsed.papers[0].published, parsed.note) == (None, "left out as implausible: 1 dates")
