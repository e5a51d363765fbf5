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
WORDS_PER_STEP: Final = 5
"""Characters, where each word is looked at by Python."""

_STEPS = "\0steps"
"""Where a rendering's account is kept: no template can have a variable of that name."""
_WIDE = re.compile(r"\d{4}|\*")
_WIDTH = re.compile(r"\d+")
_HALF = re.compile("[\ud800-\udfff]")
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
        if isinstance(value, str) and len(value) <= TEXT_PER_STEP:
            continue
        account[0] -= _weighed(value, max(account[0], 0))[0]
    account[0] -= steps
    if account[0] < 0:
        raise LimitError("computes too much: are there loops within loops, or macros in macros?")


def _weighed(value: object, most: int = MAX_STEPS) -> tuple[int, int]:
    """Return the steps that a value is worth, and the characters in it.

    What is in a list counts as often as it is there: a list of ten lists of ten is a hundred. Stops
    after about `most` steps; raises LimitError for a value with too many characters.
    """
    steps = letters = 0
    rest: list[Iterator[object]] = [iter((value,))]
    while rest and steps <= most:
        for one in rest[-1]:
            if isinstance(one, str):
                letters += len(one)
                steps += len(one) // TEXT_PER_STEP
            elif isinstance(one, Sized) and not isinstance(one, jinja2.Undefined):
                steps += len(one)
                if inner := _parts(one):
                    rest.append(iter(inner))
                    break
        else:
            rest.pop()
        if letters > MAX_TEXT:
            raise LimitError(f"makes a text of more than {MAX_TEXT // 1_000_000} million")
    return steps, letters


def _parts(value: object) -> Iterable[object]:
    if isinstance(value, Mapping):
        return [*value.keys(), *value.values()]
    return value if isinstance(value, list | tuple | set | frozenset) else ()


def check_operands(operator: str, left: object, right: object) -> None:
    """Refuse what would take all memory before its result can be looked at."""
    if operator == "%" and isinstance(left, str):
        _check_format(left, right)
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


def _check_format(text: object, *args: object, **named: object) -> None:
    text = str(text)
    if _WIDE.search(text):
        raise LimitError(f"a width of more than {MAX_WIDTH} in a format")
    # Each place may take the longest of the values, and has its width beside that.
    longest = max((_weighed(one)[1] for one in (*args, *named.values())), default=0)
    width = sum(int(found[0]) for found in _WIDTH.finditer(text))
    if len(text) + width + text.count("%") * longest > MAX_TEXT:
        raise LimitError(f"makes a text of more than {MAX_TEXT // 1_000_000} million")


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
_BY_WORDS: Final = frozenset(("fill", "title", "urlencode", "wordcount"))


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
        if name in _BY_WORDS:
            spend(context, steps=sum(map(len, map(str, args))) // WORDS_PER_STEP)
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
def printed(context: Context, value: Any) -> Any:
    """Return a value that is printed; half a character could be written nowhere."""
    spend(context, value)
    if isinstance(value, str) and not value.isascii() and _HALF.search(value):
        raise LimitError("prints half of a character (U+D800 to U+DFFF)")
    return value


@pass_context
def looked_at(context: Context, value: Any) -> Any:
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
    "looked at": looked_at,
}
"""Filters by which loops, joins, lists and what is printed are counted."""


def count_steps(template: nodes.Template) -> None:
    """Rewrite a parsed template so that its loops, joins, lists and comparisons count."""
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
        elif not isinstance(part.arg, nodes.Const):
            part.arg = _counting(part.arg, "looked at")
    for pair in template.find_all(nodes.Pair):
        if not isinstance(pair.key, nodes.Const):
            pair.key = _counting(pair.key, "looked at")
    _count_made(template)


def _count_made(node: nodes.Node) -> None:
    for name, value in node.iter_fields():
        if isinstance(value, nodes.Node):
            setattr(node, name, _made(value))
        elif isinstance(value, list):
            value[:] = [_made(one) if isinstance(one, nodes.Node) else one for one in value]


def _made(node: nodes.Node) -> nodes.Node:
    _count_made(node)
    if isinstance(node, nodes.Concat):
        return _counting(nodes.List(node.nodes, lineno=node.lineno), "joined")
    is_stored = isinstance(node, nodes.Tuple) and node.ctx != "load"
    if isinstance(node, nodes.List | nodes.Tuple | nodes.Dict) and not is_stored:
        return _counting(node, "looked at")
    return node


def _counting(node: nodes.Node, name: str) -> nodes.Expr:
    """Return an expression that passes one of STEPS; once is enough."""
    if isinstance(node, nodes.Filter) and node.name in STEPS:
        return node
    found = nodes.Filter(cast("nodes.Expr", node), name, [], [], None, None, lineno=node.lineno)
    found.environment = node.environment
    return found
