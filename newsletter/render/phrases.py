"""Phrases: what the program says to readers, in their language (GNU gettext catalogues, CLDR).

A phrase is a whole English sentence or label, with `%(name)s` for its values. Its translations are
in `newsletter/locale/LANGUAGE/LC_MESSAGES/newsletter.po`, which is read as it is: there is nothing
to compile.
"""

from __future__ import annotations

import functools
import gettext
import importlib.resources
import io
import operator
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from newsletter.model import Remark
from newsletter.render.languages import LANGUAGES, language_of_phrases
from newsletter.render.locales import locale_of

THOUSAND: Final = 1_000
TRILLION: Final = 10**12
"""From here on nothing counts papers or votes, and decimal arithmetic has its limits."""
_PLACE: Final = re.compile(r"%(?:\((\w+)\)s|%)")
"""A value, or a per cent sign. `%` of Python would take more: widths, by which a theme could fill
the memory, and kinds of values that a phrase has not."""


@dataclass(frozen=True, slots=True, eq=False)
class Phrases:
    """The phrases of one language."""

    language: str
    """One of LANGUAGES: what is in another language than its document says so (`lang`), so that it
    is read aloud as it is written (WCAG 2.2, 3.1.2)."""
    catalogue: gettext.NullTranslations

    def gettext(self, phrase: str, /, **values: object) -> str:
        """Return a phrase, with its values in their places; numbers as the language writes them.

        Raises KeyError for a place without a value, whatever the language.
        """
        return self._filled(self._said(str(phrase)), values)

    def ngettext(self, singular: str, plural: str, num: int, /, **values: object) -> str:
        """Return the phrase for `num` things, which stands in it as `%(num)s`.

        Raises TypeError for what is no whole number, and KeyError as `gettext`.
        """
        some = operator.index(num)  # as one, all languages take the same
        said = self.catalogue.ngettext(str(singular), str(plural), some) if singular else plural
        return self._filled(said, {"num": some, **values})

    def remark(self, remark: Remark) -> str:
        """Return what somebody was told, in this language; without its detail."""
        if remark.plural:
            return self.ngettext(remark.phrase, remark.plural, remark.num, **dict(remark.values))
        return self.gettext(remark.phrase, **dict(remark.values))

    def number(self, number: int) -> str:
        """Return a number in full: `12,345`."""
        if not THOUSAND <= abs(number) < TRILLION:
            return str(number)
        from babel.numbers import format_decimal  # noqa: PLC0415  most numbers are small

        return format_decimal(number, locale=locale_of(self.language))

    def short_number(self, number: int) -> str:
        """Return a number in few characters: `1.2K`."""
        if not THOUSAND <= abs(number) < TRILLION:
            return str(number)
        from babel.numbers import format_compact_decimal  # noqa: PLC0415  most numbers are small

        return format_compact_decimal(number, fraction_digits=1, locale=locale_of(self.language))

    def listed(self, words: Sequence[str]) -> str:
        """Return words one after the other: `a, b and c`."""
        *some, last = words or ("",)
        if not some:
            return last
        return self.gettext("%(some)s and %(last)s", some=self.gettext(", ").join(some), last=last)

    def _said(self, phrase: str) -> str:
        # The translation of nothing is the head of the catalogue (GNU gettext, 12).
        return self.catalogue.gettext(phrase) if phrase else phrase

    def _filled(self, phrase: str, values: Mapping[str, object]) -> str:
        if not values:
            return phrase

        def told(found: re.Match[str]) -> str:
            return self._written(values[found[1]]) if found[1] else "%"

        return _PLACE.sub(told, phrase)

    def _written(self, value: object) -> str:
        if type(value) is int:
            return self.number(value)
        if type(value) is float and abs(value) < TRILLION:
            from babel.numbers import format_decimal  # noqa: PLC0415  such numbers are rare

            return format_decimal(value, format="0.00", locale=locale_of(self.language))
        return str(value)


ENGLISH: Final = Phrases("en", gettext.NullTranslations())


@functools.lru_cache(maxsize=len(LANGUAGES))
def _translated(language: str) -> Phrases:
    # Only a newsletter or reader in another language pays for it.
    from babel.messages.mofile import write_mo  # noqa: PLC0415
    from babel.messages.pofile import read_po  # noqa: PLC0415

    file = importlib.resources.files("newsletter").joinpath(
        "locale", language, "LC_MESSAGES", "newsletter.po"
    )
    with file.open("rb") as source:
        catalogue = read_po(source, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Phrases(language, gettext.GNUTranslations(compiled))


def phrases_of(language: str) -> Phrases:
    """Return the phrases for who wants `language` (BCP 47); English when there are none."""
    known = language_of_phrases(language) or ENGLISH.language
    return ENGLISH if known == ENGLISH.language else _translated(known)
