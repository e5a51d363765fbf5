"""Each reader in their language, from the list to the mailbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from makers import NOW
from spoken import document, languages_of, mislabelled, texts
from worlds import World, body, people, ran, seven_papers, write

from newsletter.model import Wishes, audience_of


@pytest.fixture(params=[1_000, 0], ids=["ahead", "when sent"])
def world(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[World]:
    """A newsletter in English with seven papers; single readers get theirs either way."""
    monkeypatch.setattr("newsletter.day.rendering.AHEAD", request.param)
    with seven_papers(tmp_path, root) as found:
        yield found


WANTED: dict[str, dict[str, object]] = {
    "plain": {},
    "deutsch": {"language": "de"},
    "swiss": {"language": "de-CH"},
    "french": {"language": "fr", "words": ["robots"]},
    "spanish": {"language": "es", "length": "short"},
    "brazil": {"language": "pt-BR"},
    "chinese": {"language": "zh-Hans"},
    "japan": {"language": "ja", "mute": ["robots"]},
    "arabic": {"language": "ar"},
    "italy": {"language": "it"},
}
LANGUAGE = {
    "plain": "en", "deutsch": "de", "swiss": "de", "french": "fr", "spanish": "es", "brazil": "pt",
    "chinese": "zh", "japan": "ja", "arabic": "ar", "italy": "en",
}  # fmt: skip


def test_each_reader_gets_mail_in_their_language(world: World) -> None:
    """Phrases, dates, headers and direction; whose language has no phrases gets the newsletter's."""
    people(world, **WANTED)

    ran(world, NOW)

    mails = world.mails()
    assert set(mails) == set(WANTED)
    for name, mail in mails.items():
        page, language = body(mail, "html"), LANGUAGE[name]
        root = document(page)

        assert root.get("lang") == language, name
        assert root.get("dir") == ("rtl" if language == "ar" else "ltr")
        assert mail["Content-Language"] == language
        assert mislabelled(page) == []
        spoken = [text for told, text in texts(page) if told == language and languages_of(text)]
        assert len(spoken) >= 8, (name, spoken)
    assert str(mails["plain"]["Subject"]).endswith("and 6 more")
    assert str(mails["deutsch"]["Subject"]).endswith("und 6 weitere")
    assert str(mails["japan"]["Subject"]).endswith("件")
    assert "Guten Tag" in body(mails["swiss"], "plain")
    assert "Tuesday, March 17, 2026" in body(mails["italy"], "plain")
    assert "Dienstag, 17. März 2026" in body(mails["swiss"], "plain")
    assert "الثلاثاء، 17 مارس 2026" in body(mails["arabic"], "html")
    assert "ABBESTELLEN" not in body(mails["deutsch"], "plain")
    assert "Abbestellen:" in body(mails["deutsch"], "plain")


def test_topics_keep_the_words_of_their_editor(world: World) -> None:
    """They are marked as what they are: in the newsletter's language."""
    people(world, arabic={"language": "ar"})

    ran(world, NOW)

    root = document(body(world.mails()["arabic"], "html"))
    titles = root.xpath("//h2[contains(@class, 'topic')]")
    assert titles
    assert {title.get("lang") for title in titles} == {"en"}
    assert root.xpath("//h1")[0].get("lang") == "en"


def test_a_newsletter_in_german_writes_english_to_who_wants_it(world: World) -> None:
    """Then it is the titles that are German."""
    path = world.folder / "config" / "newsletter.yaml"
    write(world, "newsletter", path.read_text("utf-8") + "\nlanguage: de\n")
    people(world, own={}, english={"language": "en"}, austria={"language": "de-AT"})

    ran(world, NOW)

    mails = world.mails()
    own, english = (body(mails[name], "html") for name in ("own", "english"))
    assert document(own).get("lang") == "de"
    assert document(english).get("lang") == "en"
    assert "Preferences" in english
    assert 'class="brand" lang="de"' in english
    assert mislabelled(own) == mislabelled(english) == []
    # The newsletter's own language makes no edition of its own.
    assert str(mails["own"]["Feedback-ID"]) == str(mails["austria"]["Feedback-ID"])


def test_an_empty_issue_says_so_in_the_language(world: World) -> None:
    """For who wants a mail on days without papers."""
    path = world.folder / "config" / "newsletter.yaml"
    write(world, "newsletter", path.read_text("utf-8") + "\non_empty: send\n")
    write(world, "topics", "topics: [{name: nothing, title: Nothing, match: [zebrafish]}]\n")
    people(world, deutsch={"language": "de"}, chinese={"language": "zh"})

    ran(world, NOW)

    mails = world.mails()
    assert "Heute keine neuen Artikel" in body(mails["deutsch"], "html")
    assert "没有您主题的新论文" in body(mails["chinese"], "plain")
    assert str(mails["deutsch"]["Subject"]).endswith("keine neuen Artikel")
    assert mislabelled(body(mails["deutsch"], "html")) == []


def test_readers_of_one_audience_have_one_language() -> None:
    """It is part of the audience's name, as it was asked for."""
    german = Wishes(topics=("a", "b"), language="de-CH").audience("x")

    assert german != Wishes(topics=("a", "b")).audience("x")
    assert audience_of(german, 3).language == "de-CH"
    assert audience_of(german, 3).topics == ("a", "b")
    assert audience_of(Wishes(topics=("a",)).audience("x"), 1).language == ""
    assert Wishes(language="de", words=["a"]).audience("x") == "~x"
