"""What is said to readers, in their languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from catalogues import ROOT, brought_up, file_of, said
from hypothesis import given
from hypothesis import strategies as st

from newsletter.model import RefusedError, counted_remark, remark
from newsletter.pick.personal import OWN_TOPICS
from newsletter.render.languages import LANGUAGES, dialect, language_accepted, language_of_phrases
from newsletter.render.phrases import ENGLISH, phrases_of
from newsletter.render.words import own_sections

TRANSLATED = [language for language in LANGUAGES if language != "en"]
VALUE = re.compile(r"%\((\w+)\)s")
SAME = {"Code", "Version %(number)s", "%(greeting)s.", "you@example.org", "%(num)s vote"}
"""Phrases that may be the same in another language: words that all know, and what has no words."""


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_phrase_is_translated(language: str) -> None:
    """None is missing, doubtful or no longer said; values stand in each, and in all of its forms."""
    with file_of(language).open("rb") as source:
        catalogue = read_po(source, locale=language)
    messages = [message for message in catalogue if message.id]

    assert file_of(language).read_bytes() == brought_up(language), "run `make phrases`"
    assert len(messages) == len([message for message in said() if message.id])
    assert not [message.id for message in messages if message.fuzzy]
    for message in messages:
        originals = (message.id,) if isinstance(message.id, str) else message.id
        forms = (message.string,) if isinstance(message.string, str) else message.string or ()
        wanted = {name for text in originals for name in VALUE.findall(text)}
        assert all(forms), message.id
        assert len(forms) == (catalogue.num_plurals if len(originals) > 1 else 1)
        # A form for one thing may say `one` in a word; the last form is that of any number.
        assert set(VALUE.findall(forms[-1])) == wanted, message.id
        for form in forms:
            assert {*VALUE.findall(form)} >= wanted - {"num", "short"}, message.id
            assert {*VALUE.findall(form)} <= wanted, message.id
            assert "%" not in VALUE.sub("", form).replace("%%", ""), message.id


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_are_other_words(language: str) -> None:
    """A phrase that was left in English would be read aloud as if it were not."""
    phrases = phrases_of(language)
    same = [
        message.id
        for message in said()
        if isinstance(message.id, str)
        and len(re.sub(r"[\W\d_]+", "", VALUE.sub("", message.id))) > 8
        and phrases.gettext(message.id) == message.id
    ]

    assert set(same) <= {"you@example.org", "Discussion"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("", ""),
        ("%(name)999999999s", "%(name)999999999s"),
        ("%(name)d %(name)r %s %*d", "%(name)d %(name)r %s %*d"),
        ("100% of %(name)s", "100% of Ada"),
        ("100%% of %(name)s", "100% of Ada"),
    ],
)
def test_a_phrase_of_a_template_has_values_and_nothing_else(
    language: str, phrase: str, expected: str
) -> None:
    """The same in all languages: no head of a catalogue, no widths, no error of one of them."""
    phrases = phrases_of(language)

    assert phrases.gettext(phrase, name="Ada") == expected
    assert phrases.ngettext(phrase, phrase, 2, name="Ada") == expected
    assert phrases.gettext("") == ""
    with pytest.raises(KeyError):
        phrases.gettext("%(other)s", name="Ada")
    for num in (1.5, "2", None):
        with pytest.raises(TypeError):
            phrases.ngettext("%(num)s paper", "%(num)s papers", num)  # type: ignore[arg-type]


def test_plurals_are_those_of_the_language() -> None:
    """Two forms, one, or six."""

    def papers(language: str, *counts: int) -> list[str]:
        phrases = phrases_of(language)
        return [phrases.ngettext("%(num)s paper", "%(num)s papers", count) for count in counts]

    assert papers("en", 0, 1, 2, 1_234) == ["0 papers", "1 paper", "2 papers", "1,234 papers"]
    assert papers("de", 1, 2, 1_234) == ["1 Artikel", "2 Artikel", "1.234 Artikel"]
    assert papers("fr", 0, 1, 2) == ["0 article", "1 article", "2 articles"]
    assert papers("ja", 0, 1, 7) == ["0 件の論文", "1 件の論文", "7 件の論文"]
    assert papers("ar", 0, 1, 2, 3, 11, 100) == [
        "لا أوراق", "ورقة واحدة", "ورقتان", "3 أوراق", "11 ورقة", "100 ورقة",
    ]  # fmt: skip
    # What follows 11 to 99 is in another case than what follows a hundred.
    arabic = phrases_of("ar")
    assert [arabic.ngettext("%(num)s vote", "%(num)s votes", count) for count in (11, 99, 100)] == [
        "11 صوتًا", "99 صوتًا", "100 صوت",
    ]  # fmt: skip


def test_numbers_lists_and_quotes_are_those_of_the_language() -> None:
    """In full, and in few characters."""
    assert [phrases_of(code).short_number(45_678) for code in ("en", "fr", "zh")] == [
        "45.7K", "45,7\N{NO-BREAK SPACE}k", "4.6万",
    ]  # fmt: skip
    assert phrases_of("fr").number(-12_345) == "-12\N{NARROW NO-BREAK SPACE}345"
    assert ENGLISH.listed([]) == ""
    assert ENGLISH.listed(["a"]) == "a"
    assert phrases_of("es").listed(["a", "b", "c"]) == "a, b y c"
    assert phrases_of("de").gettext("“%(quoted)s”", quoted="a") == "„a“"


def test_a_value_is_never_a_phrase() -> None:
    """Per cent signs and places in what a source or reader wrote stay as they are."""
    for language in LANGUAGES:
        said_of = phrases_of(language).gettext("by %(name)s", name="100% %(name)s {x}")

        assert "100% %(name)s {x}" in said_of


def test_who_wants_a_language_gets_that_one_or_none() -> None:
    """Dialects have the phrases of their language; others have none."""
    wanted = ("de-CH", "zh-Hant-TW", "PT-br", "it", "", "deutsch", "ar")

    assert [language_of_phrases(one) for one in wanted] == ["de", "zh", "pt", "", "", "", "ar"]
    assert phrases_of("it") is ENGLISH
    assert phrases_of("de-AT") is phrases_of("de")
    assert [dialect("de-CH", "de"), dialect("fr", "de"), dialect("", "en")] == ["de-CH", "de", "en"]


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", ""), ("de", "de"), ("de-DE,de;q=0.9,en;q=0.8", "de"), ("it, fr;q=0.5, en;q=0.7", "en"),
        ("it", ""), ("*", ""), ("de;q=0", ""), ("de;q=0, fr;q=0.1", "fr"), ("fr ; q = 0.4 , ja", "ja"),
        ("de;q=9", ""), ("de;q=x, es", "es"), (";;,,=", ""), ("en;q=1.000", "en"), ("en" + "x" * 9_000, ""),
    ],
)  # fmt: skip
def test_a_browser_says_what_it_prefers(header: str, language: str) -> None:
    """RFC 9110, 12.5.4; what is not well formed says nothing."""
    assert language_accepted(header) == language


@given(st.text())
def test_any_header_is_read(header: str) -> None:
    """The answer is a language that there is, or none."""
    assert language_accepted(header) in ("", *LANGUAGES)


def test_a_remark_is_translated_and_its_detail_is_not() -> None:
    """What a parser says is English, and marked as such by whoever shows it."""
    plain = remark("Line %(number)s cannot be understood:", number=3, detail="a bracket is open")
    several = counted_remark(
        "We read %(num)s paper in your library.", "We read %(num)s papers in your library.", 2
    )

    assert str(plain) == "Line 3 cannot be understood: a bracket is open"
    assert phrases_of("de").remark(plain) == "Zeile 3 ist nicht zu verstehen:"
    assert str(several) == "We read 2 papers in your library."
    assert phrases_of("ar").remark(several) == "قرأنا ورقتين في مكتبتك."
    assert str(RefusedError("A day is written as 2026-11-24.")) == "A day is written as 2026-11-24."


def test_sections_that_are_everybodys_have_the_same_names_in_both_places() -> None:
    """Whoever picks knows their names, and whoever renders their titles."""
    assert own_sections(ENGLISH) == {topic.name: topic.title for topic in OWN_TOPICS}


PLAIN_WORDS = {"BibTeX", "Atom", "JSON", "Feed", "RIS", "RSS", "nbsp", "ensp", "amp", "x"}
PROMPT = {"newsletter", "issue"}
"""The masthead of a theme that looks like a terminal is a command."""
TEMPLATES = [
    path
    for folder in ("templates", "newsletter/serve/templates")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in (".mjml", ".txt", ".html") and not path.name.startswith("admin")
]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_word_of_a_template_goes_untranslated(path: Path) -> None:
    """Outside of tags and comments, and in labels, there are no words but names."""
    text = re.sub(r"\{% macro attrs.*", " ", path.read_text("utf-8"))
    text = re.sub(r"\{#.*?#\}|<!--.*?-->|<(mj-style|script)\b.*?</\1>", " ", text, flags=re.DOTALL)
    bare = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", " ", text, flags=re.DOTALL)
    labels = re.findall(r'\b(?:aria-label|alt|placeholder|title)="([^"]*)"', bare)
    words = re.findall(r"[A-Za-z]+", " ".join((re.sub(r"<[^>]*>", " ", bare), *labels)))
    # What a tag prints itself: only phrases may be words.
    printed = re.findall(r"\{\{(.*?)\}\}", text, flags=re.DOTALL)
    strings = [
        string
        for tag in printed
        for string in re.findall(
            r'(?<![(\w])"([A-Z][a-z]{2,}[^"]*)"',
            re.sub(r"\b(?:_|ngettext)\((?:\"[^\"]*\"(?:, )?)+", "", tag),
        )
    ]

    known = PLAIN_WORDS | (PROMPT if "terminal" in path.parts else set())
    assert set(words) <= known
    assert [one for one in strings if not one.startswith("BibTeX")] == []
