"""What templates may ask for: the names of `letter`, `paper` and the like, checked before use.

Jinja would find a misspelt name only when it renders it, so not in a branch that today's papers do
not take. Here the whole template is read, and the first wrong name is told at its line.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Final

import jinja2
from jinja2 import nodes

from newsletter.errors import TemplateError
from newsletter.render.sandbox import sandbox
from newsletter.render.views import Link, PaperView, SectionView

LETTER: Final = frozenset(
    "name language phrases direction postal_address number period density archive_url web feedback "
    "subject preheader greeting email date unsubscribe_url preferences_url feedback_url glance "
    "tally topics count more has_also sections lead also".split()
)
"""What `letter` has."""
NOTICE: Final = frozenset("kind url unsubscribe preferences next papers".split())
"""What `notice` has, in mails to one person."""


def _fields(view: type) -> frozenset[str]:
    return frozenset(field.name for field in dataclasses.fields(view))


KNOWN: Final[Mapping[str, frozenset[str]]] = {
    "letter": LETTER,
    "notice": NOTICE,
    "paper": _fields(PaperView),
    "section": _fields(SectionView) | {"papers"},
    "link": _fields(Link),
}
"""What each kind of value has."""
LISTS: Final = {
    ("letter", "sections"): "section",
    ("letter", "lead"): "paper",
    ("letter", "also"): "paper",
    ("notice", "papers"): "paper",
    ("section", "papers"): "paper",
    ("paper", "links"): "link",
    ("paper", "also"): "link",
}
"""What loops over a list of a kind of value are about."""

_Scope = dict[str, str]
"""Names in a template, each with its kind; empty for a kind that is not known."""


def check_names(text: str, theme: Collection[str], at: Callable[[int], str]) -> None:
    """Refuse names that do not exist, in all branches of a template.

    `theme` has the names of the theme, and `at` gives `file:line` of a line of `text`. Text that
    Jinja cannot read is left to who compiles it. Raises TemplateError with the name that is meant.
    """
    try:
        parsed = sandbox(html=False).parse(text)
    except (jinja2.TemplateSyntaxError, RecursionError):
        return
    known = {**KNOWN, "theme": frozenset(theme)}
    scope: _Scope = {name: name for name in ("letter", "notice", "theme")} | {"_": ""}
    try:
        for node in parsed.body:
            _check(node, scope, known, at)
    except RecursionError:
        return


def _check(
    node: nodes.Node,
    scope: _Scope,
    known: Mapping[str, frozenset[str]],
    at: Callable[[int], str],
) -> None:
    if isinstance(node, nodes.Test) and node.name in ("defined", "undefined"):
        return
    if isinstance(node, nodes.Filter) and node.name in ("default", "d"):
        return
    if isinstance(node, nodes.Name):
        if node.ctx == "load" and node.name not in scope:
            hint = _meant(node.name, scope)
            raise TemplateError(f"{at(node.lineno)}: `{node.name}` is undefined{hint}")
        return
    if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name):
        kind = scope.get(node.node.name, "")
        if kind and node.attr not in known[kind]:
            hint = _meant(node.attr, known[kind])
            raise TemplateError(
                f"{at(node.lineno)}: `{node.node.name}` has no `{node.attr}`{hint}"
            )
    inner = scope
    if isinstance(node, nodes.For):
        _check(node.iter, scope, known, at)
        over = node.iter if isinstance(node.iter, nodes.Getattr) else None
        owner = scope.get(getattr(over.node, "name", ""), "") if over else ""
        kind = LISTS.get((owner, over.attr), "") if over else ""
        inner = {**scope, "loop": "", **dict.fromkeys(_stored(node.target), kind)}
        parts = [*node.body, *node.else_, *([node.test] if node.test else [])]
    elif isinstance(node, nodes.Macro | nodes.CallBlock):
        taken = dict.fromkeys((arg.name for arg in node.args), "")
        inner = {**scope, **taken, "caller": "", "varargs": "", "kwargs": ""}
        parts = list(node.iter_child_nodes(exclude=("args",)))
    elif isinstance(node, nodes.With):
        for value in node.values:
            _check(value, scope, known, at)
        inner = {**scope, **{name: "" for target in node.targets for name in _stored(target)}}
        parts = node.body
    else:
        parts = list(node.iter_child_nodes())
    for part in parts:
        _check(part, inner, known, at)
    # What is set is known after it; in a branch, in what follows the branch too.
    if isinstance(node, nodes.Assign | nodes.AssignBlock):
        scope.update(dict.fromkeys(_stored(node.target), ""))
    if isinstance(node, nodes.Macro):
        scope[node.name] = ""


def _stored(target: nodes.Node) -> Iterator[str]:
    found = [target] if isinstance(target, nodes.Name) else target.find_all(nodes.Name)
    return (name.name for name in found)


def _meant(word: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(word.lower(), known, 1)
    return f"; did you mean `{near[0]}`?" if near else ""
