"""What templates may ask for: the names of `letter`, `paper` and the like, checked before use.

Jinja would find a misspelt name only when it renders it, so not in a branch that today's papers do
not take. Here the whole template is read, and the first wrong name is told at its line.
"""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import functools
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Final

import jinja2
from jinja2 import nodes

from newsletter.errors import TemplateError
from newsletter.render.sandbox import mistake_of, sandbox
from newsletter.render.views import Link, PaperView, SectionView

LETTER: Final = frozenset(
    "name language phrases own direction postal_address number period density archive_url web "
    "feedback subject preheader greeting email date unsubscribe_url preferences_url feedback_url "
    "glance tally topics count more has_also sections lead also citations_url".split()
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

NEAR: Final = 0.75
"""How alike two names are of which one is the other misspelt (difflib)."""

_BLOCK = re.compile(
    r"\{%[-+]?\s*(?P<end>end)?(?P<block>if|for|macro|call|filter|with|block|set(?=[^=]*%\}))\b.*?%\}",
    re.DOTALL,
)
_Scope = dict[str, str]
"""Names in a template, each with its kind; empty for a kind that is not known."""


@functools.lru_cache(maxsize=16)
def _parsed(text: str) -> nodes.Template:
    return sandbox(html=True).parse(text)


def parse(text: str, at: Callable[[int], str]) -> nodes.Template:
    """Return a template as Jinja reads it; raises TemplateError, with the line, if it cannot."""
    try:
        return _parsed(text)
    except jinja2.TemplateSyntaxError as error:
        opened = _without_end(text) if "Unexpected end" in (error.message or "") else None
        if opened:
            line = text.count("\n", 0, opened.start()) + 1
            raise TemplateError(
                f"{at(line)}: `{opened[0]}` has no end: "
                f"write `{{% end{opened['block']} %}}` after it"
            ) from None
        raise TemplateError(f"{at(error.lineno)}: {mistake_of(error)}") from None
    except RecursionError:
        raise TemplateError(f"{at(1)}: brackets or tags are nested too deeply") from None


def _without_end(text: str) -> re.Match[str] | None:
    """Return the innermost block of Jinja that is open at the end of a text."""
    opened: list[re.Match[str]] = []
    for tag in _BLOCK.finditer(text):
        if not tag["end"]:
            opened.append(tag)
        elif opened and opened[-1]["block"] == tag["block"]:
            opened.pop()
    return opened[-1] if opened else None


def check_names(text: str, theme: Collection[str], at: Callable[[int], str]) -> None:
    """Refuse names that do not exist, in all branches of a template.

    `theme` has the names of the theme, and `at` gives `file:line` of a line of `text`. Raises
    TemplateError with the name that is meant, or for text that Jinja cannot read.
    """
    parsed = parse(text, at)
    known = {**KNOWN, "theme": frozenset(theme)}
    scope: _Scope = {name: name for name in ("letter", "notice", "theme")} | {
        "_": "",
        "ngettext": "",
    }
    reader = _Reader(known, at)
    # A macro or value of the top level is known in the whole template, also before it.
    for node in parsed.body:
        if isinstance(node, nodes.Macro):
            scope[node.name] = ""
        elif isinstance(node, nodes.Assign):
            scope |= dict.fromkeys(_stored(node.target), "")
    with contextlib.suppress(RecursionError):
        for node in parsed.body:
            reader.check(node, scope)


@dataclasses.dataclass(frozen=True, slots=True)
class _Reader:
    """Reads a template, name by name."""

    known: Mapping[str, frozenset[str]]
    at: Callable[[int], str]

    def check(self, node: nodes.Node, scope: _Scope) -> None:
        """Refuse a name in `node` that is not known; add to `scope` the names that it sets."""
        if _asks_whether(node):
            return
        if isinstance(node, nodes.Name) and node.ctx == "load":
            self._check_name(node, scope)
        if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name):
            self._check_attribute(node, node.node.name, scope)
        if isinstance(node, nodes.For):
            self.check(node.iter, scope)
            inner = {**scope, "loop": "", **dict.fromkeys(_stored(node.target), _kind(node, scope))}
            for part in (*node.body, *node.else_, *([node.test] if node.test else [])):
                self.check(part, inner)
            return
        if isinstance(node, nodes.Macro | nodes.CallBlock):
            taken = dict.fromkeys((argument.name for argument in node.args), "")
            scope = {**scope, **taken, "caller": "", "varargs": "", "kwargs": ""}
        if isinstance(node, nodes.With):
            names = (name for target in node.targets for name in _stored(target))
            scope = {**scope, **dict.fromkeys(names, "")}
        for part in node.iter_child_nodes(
            exclude=("args",) if isinstance(node, nodes.Macro) else ()
        ):
            self.check(part, scope)
        # What is set is known after it; in a branch, in what follows the branch too.
        if isinstance(node, nodes.Assign | nodes.AssignBlock):
            same = node.node if isinstance(node, nodes.Assign) else None
            kind = scope.get(same.name, "") if isinstance(same, nodes.Name) else ""
            scope |= dict.fromkeys(_stored(node.target), kind)

    def _check_name(self, node: nodes.Name, scope: _Scope) -> None:
        # A name like no other may be one that papers of another day have: rendering tells.
        if node.name not in scope and (hint := _meant(node.name, scope, NEAR)):
            raise TemplateError(f"{self.at(node.lineno)}: '{node.name}' is undefined{hint}")

    def _check_attribute(self, node: nodes.Getattr, owner: str, scope: _Scope) -> None:
        names = self.known.get(scope.get(owner, ""))
        if names is not None and node.attr not in names:
            raise TemplateError(
                f"{self.at(node.lineno)}: `{owner}` has no `{node.attr}`{_meant(node.attr, names)}"
            )


def _asks_whether(node: nodes.Node) -> bool:
    """Return whether a node asks whether a name is known: `x is defined`, `x | default("")`."""
    asks = isinstance(node, nodes.Test) and node.name in ("defined", "undefined")
    return asks or (isinstance(node, nodes.Filter) and node.name in ("default", "d"))


def _kind(loop: nodes.For, scope: _Scope) -> str:
    """Return the kind of value that a loop goes through; empty when it is not known."""
    over = loop.iter
    if not isinstance(over, nodes.Getattr) or not isinstance(over.node, nodes.Name):
        return ""
    return LISTS.get((scope.get(over.node.name, ""), over.attr), "")


def _stored(target: nodes.Node) -> Iterator[str]:
    found = [target] if isinstance(target, nodes.Name) else target.find_all(nodes.Name)
    return (name.name for name in found)


def _meant(word: str, known: Collection[str], cutoff: float = 0.6) -> str:
    near = difflib.get_close_matches(word.lower(), known, 1, cutoff)
    return f"; did you mean `{near[0]}`?" if near else ""
