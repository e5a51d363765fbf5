"""How much a template may compute: each of its steps costs, and no value grows without bound.

A template cannot loop for ever, but loops within loops, macros that call themselves twice, and
texts that double on each line come close. Jinja has no limits of its own: loops and joins are
rewritten to pass through here before a template is compiled.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from typing import Any, Final, cast

import jinja2
from jinja2 import nodes, pass_context
from jinja2.runtime import Context, markup_join, str_join

MAX_STEPS: Final = 2_000_000
"""Of one rendering: about two seconds. An issue of 50 papers takes some thousand."""
MAX_TEXT: Final = 5_000_000
"""Characters of any text that a template makes: fifty times an email."""
MAX_WIDTH: Final = 999
"""Of a number or a word in a format."""
MAX_POWER: Final = 64
MAX_BITS: Final = 2048
"""Of a whole number."""
PER_CALL: Final = 100
"""Steps in the time of one call of a macro."""
TEXT_PER_STEP: Final = 100
"""Characters that are handled in the time of one step."""

_STEPS = "\0steps"
"""Where a rendering's account is kept: no template can have a variable of that name."""
_WIDE = re.compile(r"\d{4}|\*")
_OF_TEXT = frozenset(
    "capitalize count endswith find index isalnum isalpha isdigit islower isspace istitle isupper "
    "lower lstrip partition removeprefix removesuffix rfind rpartition rsplit rstrip split "
    "splitlines startswith strip swapcase title upper".split()
)
_OF_OTHERS = frozenset("date get isoformat items keys time values weekday year month day".split())


class LimitError(Exception):
    """A template that computes too much."""


def join(pieces: Iterable[str]) -> str:
    """Return the pieces of an output as one text, when that is not too long."""
    out: list[str] = []
    length = 0
    for piece in pieces:
        length += len(piece)
        if length > MAX_TEXT:
            raise LimitError(f"prints more than {MAX_TEXT // 1_000_000} million characters")
        out.append(piece)
    return "".join(out)


def spend(context: Context, *values: object, steps: int = 1) -> None:
    """Count steps, and more for long values; raises LimitError when a rendering has had all."""
    account = context.parent.setdefault(_STEPS, [MAX_STEPS])
    for value in values:
        if isinstance(value, jinja2.Undefined):
            continue
        if isinstance(value, str):
            if len(value) > MAX_TEXT:
                raise LimitError(f"makes a text of more than {MAX_TEXT // 1_000_000} million")
            account[0] -= len(value) // TEXT_PER_STEP
        elif isinstance(value, Sized):
            account[0] -= len(value)
    account[0] -= steps
    if account[0] < 0:
        raise LimitError("computes too much: are there loops within loops, or macros in macros?")


def check_operands(operator: str, left: object, right: object) -> None:
    """Refuse what would take all memory before its result can be looked at."""
    if operator == "%" and isinstance(left, str):
        _check_format(left)
    elif operator == "**":
        small = isinstance(right, int | float) and abs(right) <= MAX_POWER
        if not small or not isinstance(left, int | float) or abs(left) > MAX_TEXT:
            raise LimitError("`**` of numbers as large as these")
    elif operator == "*":
        whole = [one for one in (left, right) if isinstance(one, int)]
        if len(whole) > 1 and sum(one.bit_length() for one in whole) > MAX_BITS:
            raise LimitError("`*` of numbers as large as these")
        for one, times in ((left, right), (right, left)):
            if isinstance(one, Sized) and isinstance(times, int) and len(one) * times > MAX_TEXT:
                raise LimitError(f"makes more than {MAX_TEXT // 1_000_000} million by `*`")
    elif sum(len(one) for one in (left, right) if isinstance(one, Sized)) > MAX_TEXT:
        raise LimitError(f"makes more than {MAX_TEXT // 1_000_000} million by `{operator}`")


def _check_format(text: object, *_args: object, **_named: object) -> None:
    if _WIDE.search(str(text)):
        raise LimitError(f"a width of more than {MAX_WIDTH} in a format")


def _check_replace(text: object, old: object, new: object, *_more: object) -> None:
    text, old, new = str(text), str(old), str(new)
    if len(text) + text.count(old) * len(new) > MAX_TEXT:
        raise LimitError(f"makes a text of more than {MAX_TEXT // 1_000_000} million")


def _check_join(items: object, between: object = "", *_more: object, **named: object) -> None:
    between = str(named.get("d", between))
    if isinstance(items, Sized) and len(items) * len(between) > MAX_TEXT:
        raise LimitError(f"makes a text of more than {MAX_TEXT // 1_000_000} million")


_CHECKS: Final[Mapping[str, Callable[..., None]]] = {
    "format": _check_format,
    "join": _check_join,
    "replace": _check_replace,
}
"""What is looked at before a filter makes something large of something small."""


def is_harmless(obj: object, attribute: str, value: object) -> bool:
    """Tell whether an attribute is data, or a method that looks or shortens."""
    if not callable(value):
        return True
    if isinstance(obj, str):
        return attribute in _OF_TEXT
    if type(obj).__module__.startswith("jinja2."):
        return True  # what Jinja itself hands out: a loop's `cycle` and `changed`
    return attribute in _OF_OTHERS


def counted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the filter called `name` whose calls, arguments and result count."""
    # What Jinja would hand to the filter itself: the context, or what it was compiled with.
    passed = getattr(function, "jinja_pass_arg", None)

    @pass_context
    @functools.wraps(function)
    def wrapper(context: Context, *args: Any, **named: Any) -> Any:
        spend(context, *args, *named.values())
        if check := _CHECKS.get(name):
            check(*args, **named)
        first: tuple[Any, ...] = ()
        if passed is not None:
            offered = {"context": context, "eval_context": context.eval_ctx}
            first = (offered.get(passed.name, context.environment),)
        result = function(*first, *args, **named)
        if isinstance(result, Iterator):
            result = _steps(context, result)
        spend(context, result)
        return result

    # `wraps` copied what the filter asked Jinja for; the wrapper asks for the context.
    return pass_context(wrapper)


def _steps(context: Context, items: Iterable[Any]) -> Iterator[Any]:
    for item in items:
        spend(context)
        yield item


@pass_context
def _counted_loop(context: Context, items: Any) -> Any:
    """Return what a loop goes through; each turn is a step."""
    if isinstance(items, jinja2.Undefined) or not isinstance(items, Sized):
        return _steps(context, items)
    spend(context, items)
    return items


@pass_context
def _looked_at(context: Context, value: Any) -> Any:
    """Return a value that is compared, searched or copied."""
    spend(context, value)
    return value


@pass_context
def _joined(context: Context, items: list[Any]) -> Any:
    """Return what `~` joins."""
    spend(context, *items)
    pieces = [item if isinstance(item, str) else str(item) for item in items]
    if sum(map(len, pieces)) > MAX_TEXT:
        raise LimitError(f"makes a text of more than {MAX_TEXT // 1_000_000} million by `~`")
    return (markup_join if context.eval_ctx.autoescape else str_join)(items)


STEPS: Final[Mapping[str, Callable[..., Any]]] = {
    "loop steps": _counted_loop,
    "joined": _joined,
    "looked at": _looked_at,
}
"""Filters by which loops and joins are counted."""


def count_steps(template: nodes.Template) -> None:
    """Rewrite a parsed template so that its loops, joins and comparisons count."""
    for loop in template.find_all(nodes.For):
        loop.iter = _counting(loop.iter, "loop steps")
    for compared in template.find_all(nodes.Compare):
        compared.expr = _counting(compared.expr, "looked at")
        for operand in compared.ops:
            operand.expr = _counting(operand.expr, "looked at")
    for asked in template.find_all(nodes.Test):
        asked.node = _counting(asked.node, "looked at")
        asked.args = [_counting(one, "looked at") for one in asked.args or ()]
    for part in template.find_all(nodes.Getitem):
        if isinstance(part.arg, nodes.Slice):
            part.node = _counting(part.node, "looked at")
    _count_joins(template)


def _count_joins(node: nodes.Node) -> None:
    for name, value in node.iter_fields():
        if isinstance(value, nodes.Node):
            setattr(node, name, _joining(value))
        elif isinstance(value, list):
            value[:] = [_joining(one) if isinstance(one, nodes.Node) else one for one in value]


def _joining(node: nodes.Node) -> nodes.Node:
    _count_joins(node)
    if isinstance(node, nodes.Concat):
        return _counting(nodes.List(node.nodes, lineno=node.lineno), "joined")
    return node


def _counting(node: nodes.Node, name: str) -> nodes.Expr:
    """Return an expression that passes one of STEPS; once is enough."""
    if isinstance(node, nodes.Filter) and node.name in STEPS:
        return node
    found = nodes.Filter(cast("nodes.Expr", node), name, [], [], None, None, lineno=node.lineno)
    found.environment = node.environment
    return found
