"""MJML that MJML itself would take without a word: unknown tags and attributes, open elements.

mjml-python checks nothing: what it does not know is dropped or sent as it is, and of an element
without an end it does not say where it begins. This reads the template as it was written, with the
table of MJML's own validator, and names the first mistake at its place.
"""

from __future__ import annotations

import difflib
import functools
import importlib.resources
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from newsletter.errors import TemplateError
from newsletter.render.hiding import MARK, PLACEHOLDER
from newsletter.render.parts import TemplateSource
from newsletter.render.sheets import check_sheet

VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
"""HTML elements without an end (HTML, 13.1.2)."""
EVERYWHERE = frozenset(("css-class", "mj-class"))
"""Attributes of every component."""
SILENT = frozenset(
    "mjml mj-head mj-attributes mj-social mj-navbar mj-accordion mj-accordion-element mj-carousel "
    "mj-image mj-divider mj-spacer".split()
)
"""Components in which mjml-python takes no text."""
WORDS_ONLY = frozenset("mj-title mj-preview mj-style".split())
"""Components in which mjml-python takes no comment, and those with SILENT in which it drops one."""

ILL = "not well-formed MJML: "

_TOKEN = re.compile(
    r"""</(?P<end>[a-z_][^\s<>/"'=]*)\s*>
    |<(?P<name>[a-z_][^\s<>/"'=]*)(?P<attributes>(?:"[^"]*"|'[^']*'|[^<>"'])*?)(?P<closed>/?)>
    |(?P<stray><)""",
    re.IGNORECASE | re.VERBOSE,
)
_ATTRIBUTE = re.compile(
    r"""(?P<gap>\s*)(?P<name>[^\s=/"'<>]+)(?:\s*=\s*(?P<value>"[^"]*"|'[^']*'|[^\s"'<>]+)?)?"""
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_TAGS_OF_JINJA = re.compile(f"{PLACEHOLDER}+")
_RAW = re.compile(r"</(?:mj-)?(?:style|script)\s*>", re.IGNORECASE)


_USUAL: Final = frozenset(
    "href src srcset alt title width height class style align valign bgcolor border cellpadding "
    "cellspacing colspan rowspan target rel dir lang role id name type value content color face "
    "size start scope summary headers abbr cite datetime media sizes loading hidden background "
    "http-equiv charset xmlns hspace vspace usemap coords shape nowrap span char".split()
)
"""Attributes of HTML that mails use; what is nearly one of them is misspelt."""


@dataclass(frozen=True, slots=True)
class _Open:
    """An element that has begun."""

    name: str
    place: int


@functools.cache
def components() -> Mapping[str, Mapping[str, Collection[str]]]:
    """Return the components of MJML: for each its `attributes`, and its `children`."""
    text = importlib.resources.files("newsletter.render").joinpath("components.json")
    found: Mapping[str, Mapping[str, Collection[str]]] = json.loads(text.read_text("utf-8"))[
        "components"
    ]
    return found


def check_markup(source: TemplateSource, plain: str) -> None:
    """Refuse what MJML would drop, or not understand.

    `plain` is the source with its tags of Jinja and its comments blanked, each character in its
    place. Raises TemplateError with `file:line:column`, what is wrong and how to mend it.
    """
    if control := _CONTROL.search(plain):
        _refuse(
            source, control.start(), f"a control character (U+{ord(control[0]):04X}): remove it"
        )
    opened: list[_Open] = []
    done = 0
    while found := _TOKEN.search(plain, done):
        _check_text(source, plain, done, found.start(), opened)
        done = found.end()
        if found["stray"]:
            _refuse(source, found.start(), _stray(plain[found.start() : found.start() + 40]))
        if found["end"]:
            _close(source, found, opened)
            continue
        name = found["name"]
        _check_tag(source, found, opened)
        if found["closed"] or name.lower() in VOID:
            continue
        opened.append(_Open(name, found.start()))
        if name.lower() in ("mj-style", "style", "script"):
            end = _RAW.search(plain, done)
            if end and name.lower() != "script":
                check_sheet(source, plain, done, end.start())
            done = end.start() if end else done
    _check_text(source, plain, done, len(plain), opened)
    if opened:
        _refuse(
            source, opened[-1].place, f"{ILL}<{opened[-1].name}> has no end: {_ending(opened[-1])}"
        )
    if not re.match(r"\s*<mjml[\s>/]", plain.replace(MARK, " ").replace(PLACEHOLDER, " ")):
        _refuse(source, 0, "a template begins with <mjml> and ends with </mjml>")


def _check_tag(source: TemplateSource, tag: re.Match[str], opened: list[_Open]) -> None:
    name, place, table = tag["name"], tag.start(), components()
    parent = opened[-1].name if opened else ""
    if not opened and name != "mjml":
        _refuse(source, place, f"<{name}> stands outside of <mjml>: move it into <mj-body>")
    if name.lower().startswith("mj") and name not in table:
        known = list(table)
        _refuse(
            source,
            place,
            f"unknown tag <{name}>, which MJML would drop{_meant(name, known, '<{}>')}",
        )
    if name in table and parent and not _may_stand(name, parent):
        _refuse(source, place, f"<{name}> cannot stand in <{parent}>{_belongs(name)}")
    _check_attributes(source, tag)


def _check_attributes(source: TemplateSource, tag: re.Match[str]) -> None:
    name, text, begin = tag["name"], tag["attributes"], tag.start("attributes")
    known = _attributes(name)
    seen: set[str] = set()
    done = 0
    for found in _ATTRIBUTE.finditer(text):
        between, done = text[done : found.start()], found.end()
        place = begin + found.start("name")
        attribute, value = found["name"], found["value"]
        if between.strip() or (not found["gap"] and not between):
            _refuse(
                source,
                begin + found.start(),
                f"<{name}>: a space is missing before `{attribute}`, or a quote",
            )
        if PLACEHOLDER in attribute:
            continue
        if known is not None and attribute not in known:
            _refuse(
                source,
                place,
                f"<{name}> has no attribute `{attribute}`{_meant(attribute, known, '`{}`')}",
            )
        if known is None and attribute.lower() not in _USUAL and not attribute.startswith("data-"):
            near = difflib.get_close_matches(attribute.lower(), _USUAL, 1, 0.75)
            if near:
                _refuse(
                    source,
                    place,
                    f"<{name}> has no attribute `{attribute}`; did you mean `{near[0]}`?",
                )
        if attribute in seen:
            _refuse(source, place, f"<{name}> has the attribute `{attribute}` twice")
        seen.add(attribute)
        if value is None and "=" in found[0]:
            _refuse(source, place, f"<{name}>: the value of `{attribute}` is missing")
        if value and value[0] not in "\"'":
            shown = "" if PLACEHOLDER in value else f': {attribute}="{value}"'
            _refuse(source, place, f"<{name}>: the value of `{attribute}` goes in quotes{shown}")
    if rest := text[done:].strip():
        _refuse(
            source, begin + done, f"<{name}>: `{rest[:20]}` is no attribute; is a quote missing?"
        )


def _attributes(name: str) -> Collection[str] | None:
    """Return the attributes that an element may have; None when any will do."""
    table = components()
    if name not in table:
        return None
    if name in ("mj-all", "mj-class"):
        every = {attribute for one in table.values() for attribute in one["attributes"]}
        return {*every, *EVERYWHERE, *(("name",) if name == "mj-class" else ())}
    return {*table[name]["attributes"], *(() if name == "mjml" else EVERYWHERE)}


def _may_stand(name: str, parent: str) -> bool:
    table = components()
    if parent == "mj-attributes":
        return name in table
    if name == "mj-raw":  # mjml-python passes it, and clients do not know it
        return True
    if parent not in table:
        return False
    return name in table[parent]["children"]


def _belongs(name: str) -> str:
    where = [f"<{parent}>" for parent, one in components().items() if name in one["children"]]
    if name in ("mj-all", "mj-class"):
        where = ["<mj-attributes>"]
    return f": it belongs in {' or '.join(where)}" if where else ""


def _close(source: TemplateSource, tag: re.Match[str], opened: list[_Open]) -> None:
    name, place = tag["end"], tag.start()
    if opened and _same(opened[-1].name, name):
        opened.pop()
        return
    if name.lower() in VOID:
        _refuse(source, place, f"</{name}>: <{name}> has no end; remove it")
    if not any(_same(element.name, name) for element in opened):
        near = _meant(name, [opened[-1].name], "`</{}>`") if opened else ""
        _refuse(source, place, f"{ILL}</{name}> ends nothing: no <{name}> is open{near}")
    # The outer element ends here, so the inner one has none.
    inner = opened[-1]
    _refuse(
        source,
        inner.place,
        f"{ILL}<{inner.name}> has no end before </{name}> ({source.place(place)}): "
        f"{_ending(inner)}",
    )


def _same(one: str, other: str) -> bool:
    return one == other if one.startswith("mj") else one.lower() == other.lower()


def _ending(element: _Open) -> str:
    return f"write </{element.name}>, in the same branch of Jinja"


def _check_text(
    source: TemplateSource, plain: str, begin: int, end: int, opened: list[_Open]
) -> None:
    """Refuse text and comments where mjml-python does not take them."""
    parent = opened[-1].name if opened else ""
    if parent in SILENT or not opened:
        words = re.compile(r"\S+").search(
            plain.replace(MARK, " ") if MARK in plain else plain, begin, end
        )
        if words:
            what = "a tag of Jinja" if words[0].startswith(PLACEHOLDER) else f"`{words[0][:20]}`"
            where = f"directly in <{parent}>" if parent else "outside of <mjml>"
            _refuse(
                source,
                words.start(),
                f"{what} cannot stand {where}: put it into <mj-raw> or an element",
            )
    if parent in (*WORDS_ONLY, "mjml", "mj-head", "mj-attributes"):
        mark = plain.find(MARK, begin, end)
        if mark >= 0:
            _refuse(
                source,
                mark,
                f"a conditional comment cannot stand in <{parent}>: put it into <mj-raw>",
            )


def _stray(text: str) -> str:
    tag = re.match(r"<\s*/?\s*([\w:-]+)", text)
    if tag and not re.match(r"</?[a-z_]", text, re.IGNORECASE):
        return f"`<` begins no tag here: write `&lt;`, or <{tag[1]}> without a space"
    if tag:
        return f"the tag <{tag[1]}> does not end: is a `>` or a quote missing?"
    return "`<` begins no tag here: write `&lt;`"


def _meant(word: str, known: Collection[str], form: str) -> str:
    squeezed = {name.replace("-", ""): name for name in known}
    near = difflib.get_close_matches(word.lower().replace("-", ""), squeezed, 1, 0.6)
    return f"; did you mean {form.format(squeezed[near[0]])}?" if near else ""


def _refuse(source: TemplateSource, offset: int, what: str) -> None:
    told = _TAGS_OF_JINJA.sub("{…}", what.replace(MARK, ""))
    raise TemplateError(f"{source.place(offset)}: {told}")
