"""Where templates of users run: they can compute and print, but reach no files, secrets or network.

How much they may compute is limited too (limits.py), since a theme may come from anybody.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Final

import jinja2
import jinja2.sandbox
from jinja2 import nodes
from jinja2.runtime import Context
from jinja2.utils import missing

from newsletter.render import columns, limits
from newsletter.render.phrases import Phrases

FILTERS: Final = frozenset(
    "capitalize default e escape first float format groupby int join last length list lower map "
    "max min reject rejectattr replace reverse round select selectattr sort string title trim "
    "truncate unique upper urlencode wordcount".split()
)
"""The filters of Jinja that a template may use: those that only compute."""
OURS: Final = {"fill": columns.fill, "underlined": columns.underlined}
"""Filters for the text part."""
_OF_PHRASES: Final = (Phrases.gettext, Phrases.ngettext)
"""Calls that put values into a text."""


TAGS: Final = (
    "if elif else endif for endfor set endset include block endblock macro endmacro call endcall "
    "filter endfilter raw endraw with endwith import from extends autoescape endautoescape"
).split()
_UNKNOWN: Final = re.compile(
    r"Encountered unknown tag '(?P<tag>[^']*)'|No filter named '(?P<filter>[^']*)'"
)

_OPEN: Final = re.compile("innermost block that needs to be closed is '([a-z]+)'")


def mistake_of(error: jinja2.TemplateSyntaxError) -> str:
    """Return what is wrong with a template, with the name that may be meant in place of its own."""
    said = str(error.message)
    found = _UNKNOWN.match(said)
    if found is None:
        braces = "; a value is written {{ … }}, a tag {% … %}" if said == "unexpected '}'" else ""
        return said + braces
    if found["tag"] in TAGS:
        return _ends_wrongly(found["tag"], said)
    kind, name = ("tag", found["tag"]) if found["tag"] else ("filter", found["filter"])
    near = difflib.get_close_matches(name, TAGS if kind == "tag" else {*FILTERS, *OURS}, 1)
    told = f"there is no {kind} `{name}` in templates"
    return f"{told}; did you mean `{near[0]}`?" if near else told


def _ends_wrongly(tag: str, said: str) -> str:
    """Return what is wrong with a tag that is known, and stands where it cannot."""
    if open_ := _OPEN.search(said):
        end = f"write `{{% end{open_[1]} %}}` before it"
        return f"`{{% {tag} %}}` stands where `{{% {open_[1]} … %}}` has no end yet: {end}"
    begin = tag.removeprefix("end") if tag.startswith("end") else "if"
    return f"`{{% {tag} %}}` ends nothing: there is no `{{% {begin} … %}}` before it; remove it"


class _Undefined(jinja2.StrictUndefined):
    """What is not there: an error as soon as it is used, in words of templates."""

    @property
    def _undefined_message(self) -> str:
        owner, name = self._undefined_obj, self._undefined_name
        if owner is missing or self._undefined_hint or not isinstance(name, str):
            return super()._undefined_message
        known = owner if isinstance(owner, Mapping) else dir(owner)
        near = difflib.get_close_matches(name, [word for word in known if word[:1] != "_"], 1)
        return f"there is no `{name}` here" + (f"; did you mean `{near[0]}`?" if near else "")


class _TemplateEnvironment(jinja2.sandbox.ImmutableSandboxedEnvironment):
    """Jinja's sandbox, with every step of a template counted."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})
    concat = staticmethod(limits.join)

    def call_binop(self, context: Context, operator: str, left: object, right: object) -> object:
        """Compute an operation; raises LimitError when its result would be too large."""
        limits.check_operands(operator, left, right)
        result = super().call_binop(context, operator, left, right)
        limits.spend(context, result)
        return result

    def is_safe_attribute(self, obj: object, attr: str, value: object) -> bool:
        """Allow only methods of texts, numbers and dates that read or shorten their object."""
        return super().is_safe_attribute(obj, attr, value) and limits.is_harmless(obj, attr, value)

    def wrap_str_format(self, _value: object) -> None:
        """Refuse `"…".format()`, whose widths have no limit; the filter `format` limits them."""

    def call(self, context: Context, obj: object, /, *args: object, **named: object) -> object:
        """Call a macro, a recursive loop, a method or `_`; each call is a step."""
        limits.spend(context, *args, *named.values(), steps=limits.PER_CALL)
        if getattr(obj, "__func__", None) not in _OF_PHRASES:
            return super().call(context, obj, *args, **named)
        limits.check_phrase(args, named)
        said = super().call(context, obj, *args, **named)
        limits.spend(context, said)
        return said

    def _generate(
        self,
        source: nodes.Template,
        name: str | None,
        filename: str | None,
        defer_init: bool = False,  # noqa: FBT001, FBT002  Jinja's
    ) -> str:
        limits.count_steps(source)
        return super()._generate(source, name, filename, defer_init)


def sandbox(*, html: bool) -> jinja2.Environment:
    """Return an environment for templates that may come from anybody."""
    environment = _TemplateEnvironment(
        autoescape=html,
        undefined=_Undefined,
        finalize=limits.printed,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    allowed = {name: environment.filters[name] for name in FILTERS}
    environment.filters = {
        name: limits.counted(name, function) for name, function in {**allowed, **OURS}.items()
    }
    environment.filters |= limits.STEPS
    environment.globals = {}
    return environment
