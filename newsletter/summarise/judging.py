"""judge(): whether a text is a sentence about its paper and nothing else; it cannot be persuaded.

The text may be whatever an abstract told a machine to answer. What is not plainly a sentence about
the paper is refused, and the sentence of the abstract stays: a good one that is refused by mistake
costs little.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from newsletter.model.gate import line
from newsletter.pick.sentences import sentences
from newsletter.pick.summaries import MAX_LENGTH
from newsletter.render.languages import primary
from newsletter.render.locales import language_of_text
from newsletter.summarise.numbers import in_words, invented, values
from newsletter.summarise.questions import Enquiry, prompt_words
from newsletter.summarise.signs import hidden_signs, misleading_signs
from newsletter.summarise.speech import calls, speaks_as_authors

SPOKEN: Final = frozenset("en de fr es it pt nl".split())
"""Languages in which it is known how somebody speaks to a reader: only in these a sentence is
written from an abstract. Into others a sentence is translated that has passed the checks."""
SHORTEST: Final = 12
"""Characters; in Chinese that is a sentence."""
MOST_SENTENCES: Final = 2
STEM: Final = 5
LEAST_SHARED: Final = 0.4
"""Of the telling words of a sentence that the title or the abstract has, too."""
FEWEST_SHARED: Final = 2
UNTRANSLATED: Final = 0.7
"""A translation that shares so many words with what it was made of is none."""
GLUE: Final = frozenset(
    "autho paper study resea metho appro propo intro prese novel which their these this that with"
    " from into show shows resul work using based descr inves".split()
)
"""Beginnings of words that every summary has: they tell of no paper."""
ECHO: Final = 6
"""Words in a row that a sentence and our question have in common by chance no more."""
SHORTER, LONGER = 0.2, 3.0
"""How much shorter or longer than what it was made of a translation may be."""
SHOUTED: Final = 0.6
QUOTED: Final = 5
"""Most words between quotation marks: a term, not what somebody says."""

_LETTERS = re.compile(r"[^\W\d_]")
_TELLING = re.compile(r"[^\W\d_]{4,}")
_TOKEN = re.compile(r"[^\W_]+(?:[-.][^\W_]+)*")
_NAME = re.compile(r"[^\W\d_][\w-]*")
_ODD = re.compile(r"[A-Z].*[A-Z]|[a-z].*[A-Z]|[A-Za-z].*\d|\d.*[A-Za-z]")
"""A token that names something in every language: GPT, mT5, ResNet-50."""
_STOP = re.compile(r"[.。．।۔።។။։][)\]）」]?$")
_QUOTE = re.compile(r"[\"“„«‘「『]([^\"”“»’」』]*)[\"”“»’」』]")
_WRAPPED = re.compile(r"[\"“„«'‘]([^\"“”„«»]*)[\"”“»'’]")
_SCRIPTS: Final = {
    **dict.fromkeys("ru uk be bg sr mk kk mn".split(), ("CYRILLIC",)),
    **dict.fromkeys("ar fa ur ps".split(), ("ARABIC",)),
    **dict.fromkeys("hi mr ne".split(), ("DEVANAGARI",)),
    "zh": ("CJK",),
    "ja": ("CJK", "HIRAGANA", "KATAKANA"),
    "ko": ("HANGUL",),
    "el": ("GREEK",),
    "he": ("HEBREW",),
    "th": ("THAI",),
    "ka": ("GEORGIAN",),
    "hy": ("ARMENIAN",),
    "bn": ("BENGALI",),
    "ta": ("TAMIL",),
}
"""Scripts of languages, as the names of their letters begin; all others are written in Latin."""
MOST_FOREIGN: Final = 0.6
"""Of the letters of a sentence that may be of another script: names and terms."""


def judge(given: str, asked: Enquiry) -> tuple[str, str]:
    """Return the sentence in an answer, or an empty one; and what is wrong with it, in words.

    It is one line of plain text in composed letters (NFC), of MAX_LENGTH characters at most.
    """
    text = given.strip(" \t\r\n")
    if not text:
        return "", "nothing was answered"
    if len(text) > MAX_LENGTH:
        return "", "it is longer than a sentence"
    if "\n" in text or "\r" in text:
        return "", "it has more than one line"
    if wrapped := _WRAPPED.fullmatch(text):
        text = wrapped[1].strip()
    text = unicodedata.normalize("NFC", re.sub(r"[ \t\u00a0\u202f\u2009]+", " ", text))
    why = next(_wrong(text, asked), "")
    return ("", why) if why else (line(text, MAX_LENGTH), "")


def _wrong(text: str, asked: Enquiry) -> Iterator[str]:
    """Yield what is wrong with a text, the plainest first."""
    yield from hidden_signs(text)
    yield from misleading_signs(text)
    yield from _unlike_a_sentence(text)
    told = asked.told
    by_authors = bool(told) and speaks_as_authors(told, language_of_text(told) or "en")
    yield from calls(text, asked.wanted.language, asked.source, by_authors=by_authors)
    yield from _of_another_language(text, asked)
    if numbers := invented(text, asked.source, english=_main(asked) == "en"):
        yield f"it has a number that the abstract does not have ({numbers[0][:20]})"
    yield from _invented_names(text, asked)
    yield from _echo(text, asked)
    yield from _astray_translation(text, asked) if told else _astray(text, asked)


def is_fit(told: str, title: str, abstract: str) -> bool:
    """Tell whether a sentence of an abstract may be given to a translator at all."""
    source = f"{title}\n{abstract}"
    language = language_of_text(source) or "en"
    found = calls(told, language, source, by_authors=True)
    return not any((*hidden_signs(told), *misleading_signs(told), *found))


def _main(asked: Enquiry) -> str:
    return primary(asked.wanted.language)


def _unlike_a_sentence(text: str) -> Iterator[str]:
    if len(text) < SHORTEST or len(sentences(text)) > MOST_SENTENCES:
        yield "it is not one sentence or two"
    if not _STOP.search(text) or "!" in text or "?" in text or "！" in text or "？" in text:
        yield "it does not end as a statement does"
    if not text[:1].isalnum():
        yield "it does not begin as a sentence does"
    if any(char in text for char in "{}|[]^~#*_`<>=\\") and any(
        char in text for char in "{}|~#`\\"
    ):
        yield "it has signs of code"
    letters = _LETTERS.findall(text)
    if letters and sum(letter.isupper() for letter in letters) > SHOUTED * len(letters):
        yield "it shouts"


def _of_another_language(text: str, asked: Enquiry) -> Iterator[str]:
    main = _main(asked)
    said = language_of_text(text)
    if said and said != main:
        yield f"it is in another language ({said})"
    scripts = _SCRIPTS.get(main, ("LATIN",))
    letters = [unicodedata.name(char, "") for char in _LETTERS.findall(text)]
    strange = sum(not name.startswith(scripts) for name in letters)
    if not letters or strange > MOST_FOREIGN * len(letters):
        yield "it is in the letters of another language"
    known = asked.source.lower()
    for token in _TOKEN.findall(text):
        names = {unicodedata.name(char, "").partition(" ")[0] for char in token if char.isalpha()}
        mixed = names & {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE"}
        if len(mixed) > 1 and token.lower() not in known:
            yield "it has a word in letters of two scripts"
            return


def _invented_names(text: str, asked: Enquiry) -> Iterator[str]:
    """Yield a name that neither the title nor the abstract has."""
    known = asked.source.casefold()
    tokens = {token.casefold() for token in _TOKEN.findall(asked.source)}
    words = [part for token in _TOKEN.findall(known) for part in token.split("-") if part]
    tokens |= {*words}
    initials = "".join(word[0] for word in words)

    def is_known(token: str) -> bool:
        low = token.casefold()
        single = low.removesuffix("s")
        return (
            low in tokens
            or single in tokens
            or (len(low) > STEM and low in known)
            or (token.isupper() and len(single) > 1 and single in initials)  # VAE, of its words
            or ("-" in low and all(part in tokens for part in low.split("-")))
        )

    main = _main(asked)
    is_latin = main not in _SCRIPTS
    for sentence in sentences(text):
        found = list(_TOKEN.finditer(sentence))
        for number, token in enumerate(found):
            word = token[0]
            is_capital = number > 0 and word[:1].isupper() and len(word) > 1
            if main == "de":  # nouns have capitals, but two in a row are a name
                after = found[number + 1][0] if number + 1 < len(found) else ""
                is_capital = is_capital and after[:1].isupper() and not is_known(after)
            is_foreign = not is_latin and word.isascii() and word.isalpha() and len(word) > 1
            is_odd = _ODD.search(word) is not None
            name = _without_words(word) if is_odd else word
            if (is_capital or is_foreign or is_odd) and not (is_known(word) or is_known(name)):
                yield f"it has a name that the abstract does not have ({word[:20]})"
                return
    for quoted in _QUOTE.findall(text):
        if len(quoted.split()) > QUOTED or quoted.strip().casefold() not in known:
            yield "it quotes what the abstract does not say"
            return


def _without_words(token: str) -> str:
    """Return the name at the beginning of a compound: of `GPT-4-Agenten`, `GPT-4`."""
    parts = token.split("-")
    while len(parts) > 1 and not (_ODD.search(parts[-1]) or any(map(str.isdigit, parts[-1]))):
        parts.pop()
    return "-".join(parts)


def _echo(text: str, asked: Enquiry) -> Iterator[str]:
    words, ours = _TOKEN.findall(text.lower()), _TOKEN.findall(prompt_words(asked).lower())
    runs = {tuple(ours[at : at + ECHO]) for at in range(len(ours) - ECHO + 1)}
    if any(tuple(words[at : at + ECHO]) in runs for at in range(len(words) - ECHO + 1)):
        yield "it repeats what was asked"


def _astray(text: str, asked: Enquiry) -> Iterator[str]:
    """Yield why a sentence is not about its paper, or is not one of its own."""
    abstract, title = _stems(asked.abstract), _stems(asked.title)
    stems = _stems(text) - GLUE
    shared = stems & (abstract | title)
    if _flat(text) in _flat(f"{asked.abstract} {asked.title}"):
        yield "it is a sentence of the abstract"
    if _main(asked) == (language_of_text(asked.source) or "en"):
        if len(shared) < FEWEST_SHARED or len(shared) < LEAST_SHARED * len(stems):
            yield "it is not about this paper"
        if stems <= title:
            yield "it says no more than the title"
    elif not (shared or _anchors(text) & _anchors(asked.source)):
        yield "nothing shows that it is about this paper"
    elif len(stems) > ECHO and len(shared) >= UNTRANSLATED * len(stems):
        yield "it is in the language of the abstract"


def _astray_translation(text: str, asked: Enquiry) -> Iterator[str]:
    """Yield why a sentence is no translation of what it was made of."""
    stems, told = _stems(text), _stems(asked.told)
    if _flat(text) == _flat(asked.told) or (
        len(stems) > QUOTED and len(stems & told) >= UNTRANSLATED * len(stems)
    ):
        yield "it is not translated"
    if not SHORTER <= len(text) / len(asked.told) <= LONGER:
        yield "it is much longer or shorter than what it was made of"
    wanted = _anchors(asked.told)
    if wanted and len(wanted & _anchors(text)) < len(wanted) / 2:
        yield "it lost the names and numbers of what it was made of"
    if _main(asked) not in SPOKEN and not wanted:
        yield "nothing shows that it is about this paper"


def _anchors(text: str) -> frozenset[str]:
    """Return the names and numbers of a text that are the same in every language."""
    names = {
        word.casefold().removesuffix("s") for word in _TOKEN.findall(text) if _ODD.search(word)
    }
    digits = {min(value) for value in values(text)}
    return frozenset(names | digits | (in_words(text) - {"0", "1", "2"} if not digits else set()))


def _stems(text: str) -> set[str]:
    return {
        word[:STEM] for word in _TELLING.findall(unicodedata.normalize("NFKC", text).casefold())
    }


def _flat(text: str) -> str:
    return " ".join(_TOKEN.findall(text.casefold()))
