"""How much a template may compute: its steps are counted, and the size of values is limited.

A template cannot loop for ever. But nested loops, macros that call themselves twice, and texts that
double on each line come close to that. Jinja has no limits of its own. So loops and joins are
rewritten to call this module before a template is compiled.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from typing import Final, cast

import jinja2
from jinja2 import nodes, pass_context
from jinja2.runtime import Context, markup_join, str_join

MAX_STEPS: Final = 2_000_000
"""Steps of one rendering: about two seconds. An issue of 50 papers takes some thousand steps."""
MAX_TEXT: Final = 5_000_000
"""Characters of any text that a template makes: fifty times the size of an email."""
MAX_WIDTH: Final = 999
"""Largest width of a number or a word in a format."""
MAX_POWER: Final = 64
MAX_BITS: Final = 2048
"""Bits of a whole number."""
PER_CALL: Final = 100
"""Steps that one call of a macro counts as: it takes as long as these."""
TEXT_PER_STEP: Final = 100
"""Characters that count as one step, since they take the same time."""
WORDS_PER_STEP: Final = 5
"""The same for filters in which Python code handles each word."""

_STEPS = "\0steps"
"""Key for the number of steps that are left: no template variable can have this name."""
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
    """Return the pieces of an output as one text; raises LimitError when it is too long."""
    out: list[str] = []
    length = 0
    for piece in pieces:
        length += len(piece)
        if length > MAX_TEXT:
            raise LimitError(f"prints more than {MAX_TEXT // 1_000_000} million characters")
        out.append(piece)
    return "".join(out)


def spend(context: Context, *values: object, steps: int = 1) -> None:
    """Count steps, and more for long values; raises LimitError when none are left."""
    account = context.parent.setdefault(_STEPS, [MAX_STEPS])
    for value in values:
        if isinstance(value, str) and len(value) <= TEXT_PER_STEP:
            continue
        account[0] -= _weighed(value, max(account[0], 0))[0]
    account[0] -= steps
    if account[0] < 0:
        raise LimitError("computes too much: are there loops within loops, or macros in macros?")


def _weighed(value: object, most: int = MAX_STEPS) -> tuple[int, int]:
    """Return how many steps a value counts as, and the number of characters in it.

    An item counts as often as it occurs, even if it is the same object: ten times the same list of
    ten counts as a hundred. Stops after about `most` steps. Raises LimitError for a value with too
    many characters.
    """
    steps = letters = 0
    rest: list[Iterator[object]] = [iter((value,))]
    while rest and steps <= most:
        for item in rest[-1]:
            if isinstance(item, str):
                letters += len(item)
                steps += len(item) // TEXT_PER_STEP
            elif isinstance(item, Sized) and not isinstance(item, jinja2.Undefined):
                steps += len(item)
                if inner := _parts(item):
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
    """Raise LimitError for an operation whose result could fill the memory."""
    if operator == "%" and isinstance(left, str):
        _check_format(left, right)
    elif operator == "**":
        small = isinstance(right, int | float) and abs(right) <= MAX_POWER
        if not small or not isinstance(left, int | float) or abs(left) > MAX_TEXT:
            raise LimitError("`**` of numbers as large as these")
    elif operator == "*":
        whole = [operand for operand in (left, right) if isinstance(operand, int)]
        if len(whole) > 1 and sum(number.bit_length() for number in whole) > MAX_BITS:
            raise LimitError("`*` of numbers as large as these")
        for unit, times in ((left, right), (right, left)):
            if isinstance(unit, Sized) and isinstance(times, int) and len(unit) * times > MAX_TEXT:
                raise LimitError(f"makes more than {MAX_TEXT // 1_000_000} million by `*`")
    elif sum(len(operand) for operand in (left, right) if isinstance(operand, Sized)) > MAX_TEXT:
        raise LimitError(f"makes more than {MAX_TEXT // 1_000_000} million by `{operator}`")


def _check_format(text: object, *args: object, **named: object) -> None:
    text = str(text)
    if _WIDE.search(text):
        raise LimitError(f"a width of more than {MAX_WIDTH} in a format")
    # Upper bound: each place may get the longest value, and its width is added.
    longest = max((_weighed(value)[1] for value in (*args, *named.values())), default=0)
    width = sum(int(found[0]) for found in _WIDTH.finditer(text))
    if len(text) + width + text.count("%") * longest > MAX_TEXT:
        raise LimitError(f"makes a text of more than {MAX_TEXT // 1_000_000} million")


def check_phrase(given: Iterable[object], values: Mapping[str, object]) -> None:
    """Raise LimitError for phrases that would become too long with their values."""
    texts = [str(text) for text in given]
    longest = max((len(str(value)) for value in (*texts, *values.values())), default=0)
    if any(len(text) + text.count("%(") * longest > MAX_TEXT for text in texts):
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
"""Checks that run before filters which can make a large text from a small one."""
_BY_WORDS: Final = frozenset(("fill", "title", "underlined", "urlencode", "wordcount"))


def is_harmless(obj: object, attribute: str, value: object) -> bool:
    """Tell whether an attribute is data, or a method that only reads or shortens its object."""
    if not callable(value):
        return True
    if isinstance(obj, str):
        return attribute in _OF_TEXT
    if type(obj).__module__.startswith("jinja2."):
        return True  # objects of Jinja itself: a loop's `cycle` and `changed`
    return attribute in _OF_OTHERS


def counted(name: str, function: Callable[..., object]) -> Callable[..., object]:
    """Return the filter called `name`, wrapped: its calls, arguments and result are counted."""
    # What Jinja would pass to the filter: the context, the eval context or the environment.
    passed = getattr(function, "jinja_pass_arg", None)

    @pass_context
    @functools.wraps(function)
    def wrapper(context: Context, *args: object, **named: object) -> object:
        spend(context, *args, *named.values())
        if name in _BY_WORDS:
            spend(context, steps=sum(map(len, map(str, args))) // WORDS_PER_STEP)
        if check := _CHECKS.get(name):
            check(*args, **named)
        first: tuple[object, ...] = ()
        if passed is not None:
            offered = {"context": context, "eval_context": context.eval_ctx}
            first = (offered.get(passed.name, context.environment),)
        result = function(*first, *args, **named)
        if isinstance(result, Iterator):
            result = _steps(context, result)
        spend(context, result)
        return result

    # `wraps` has copied the filter's own `jinja_pass_arg`; the wrapper needs the context.
    return pass_context(wrapper)


def _steps(context: Context, items: Iterable[object]) -> Iterator[object]:
    for item in items:
        spend(context)
        yield item


@pass_context
def _counted_loop(context: Context, items: Iterable[object]) -> Iterable[object]:
    """Return the items of a loop; each iteration counts as a step."""
    if isinstance(items, jinja2.Undefined) or not isinstance(items, Sized):
        return _steps(context, items)
    spend(context, items)
    return items


@pass_context
def printed(context: Context, value: object) -> object:
    """Count a value that is printed, and return it.

    Raises LimitError for half of a surrogate pair, which cannot be encoded.
    """
    spend(context, value)
    if isinstance(value, str) and not value.isascii() and _HALF.search(value):
        raise LimitError("prints half of a character (U+D800 to U+DFFF)")
    return value


@pass_context
def looked_at(context: Context, value: object) -> object:
    """Count a value that is compared, searched or copied, and return it."""
    spend(context, value)
    return value


@pass_context
def _joined(context: Context, items: list[object]) -> str:
    """Return the result of joining `items` by `~`; count them."""
    spend(context, *items)
    pieces = [item if isinstance(item, str) else str(item) for item in items]
    if sum(map(len, pieces)) > MAX_TEXT:
        raise LimitError(f"makes a text of more than {MAX_TEXT // 1_000_000} million by `~`")
    return (markup_join if context.eval_ctx.autoescape else str_join)(items)


STEPS: Final[Mapping[str, Callable[..., object]]] = {
    "loop steps": _counted_loop,
    "joined": _joined,
    "looked at": looked_at,
}
"""Filters that count loops, joins, lists and values that are compared."""


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
        asked.args = [_counting(argument, "looked at") for argument in asked.args or ()]
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
            value[:] = [_made(part) if isinstance(part, nodes.Node) else part for part in value]


def _made(node: nodes.Node) -> nodes.Node:
    _count_made(node)
    if isinstance(node, nodes.Concat):
        return _counting(nodes.List(node.nodes, lineno=node.lineno), "joined")
    is_stored = isinstance(node, nodes.Tuple) and node.ctx != "load"
    if isinstance(node, nodes.List | nodes.Tuple | nodes.Dict) and not is_stored:
        return _counting(node, "looked at")
    return node


def _counting(node: nodes.Node, name: str) -> nodes.Expr:
    """Return an expression with one of the filters STEPS applied, unless it has one already."""
    if isinstance(node, nodes.Filter) and node.name in STEPS:
        return node
    found = nodes.Filter(cast("nodes.Expr", node), name, [], [], None, None, lineno=node.lineno)
    found.environment = node.environment
    return found
