"""Themes of strangers: they compute what an email needs, and are stopped long before it hurts."""

from __future__ import annotations

import datetime as dt
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import TemplateError
from newsletter.render.parts import TemplateSource
from newsletter.render.phrases import phrases_of
from newsletter.render.subjects import parse_subject
from newsletter.render.templates import compile_text

WORDS = ["w"] * 2000
DOUBLE = "".join(f"{{% set a{n + 1} = a{n} %s a{n} %%}}" for n in range(40))

GREEDY = {
    "loops within loops": "{% for a in x %}{% for b in x %}{% for c in x %}{% endfor %}{% endfor %}{% endfor %}",
    "a macro that calls itself twice": "{% macro f(n) %}{% if n %}{{ f(n-1) }}{{ f(n-1) }}{% endif %}{% endmacro %}{{ f(60) }}",
    "a loop that calls itself": "{% for a in x recursive %}{{ loop(x) }}{% endfor %}",
    "doubling by ~": "{% set a0 = 'x' * 1000 %}" + DOUBLE.replace("%s", "~").replace("%%", "%"),
    "doubling by +": "{% set a0 = 'x' * 1000 %}" + DOUBLE.replace("%s", "+").replace("%%", "%"),
    "doubling a list": "{% set a0 = x %}" + DOUBLE.replace("%s", "+").replace("%%", "%"),
    "squaring": "{% set a0 = 10 ** 60 %}" + DOUBLE.replace("%s", "*").replace("%%", "%"),
    "a text times a number": "{{ 'x' * 10**9 }}",
    "a number times a text": "{{ 10**9 * 'x' }}",
    "a list times a number": "{{ ([1] * 10000000)|length }}",
    "a power": "{{ 9**9**9 }}",
    "a width": "{{ '%999999999d' % 3 }}",
    "a width that is given": "{{ '%*d' % (999999999, 3) }}",
    "a width in a filter": "{{ '%999999999d'|format(3) }}",
    "str.format": "{{ '{:>999999999}'.format('x') }}",
    "str.center": "{{ 'x'.center(999999999) }}",
    "int.to_bytes": "{{ (1).to_bytes(999999999, 'big') }}",
    "strftime": "{{ d.strftime('%999999d') }}",
    "replace": "{{ ('x' * 100000)|replace('x', 'y' * 100000) }}",
    "join": "{{ x|join('y' * 1000000) }}",
    "an indent": "{{ 'a b c'|fill('x' * 1000000) }}",
    "much output": "{% for a in x %}{{ 'x' * 4000 }}{% endfor %}",
    "much in a block": "{% set s %}{% for a in x %}{{ 'y' * 5000 }}{% endfor %}{% endset %}{{ s|length }}",
    "looking in long lists": "{% for a in x %}{% for b in x %}{{ 'z' in x }}{% endfor %}{% endfor %}",
    "copies of long lists": "{% for a in x %}{% for b in x %}{% set y = x[:] %}{% endfor %}{% endfor %}",
    "sorting again and again": "{% for a in x %}{% for b in x %}{{ x|sort|length }}{% endfor %}{% endfor %}",
    "mapping again and again": "{% for a in x %}{% for b in x %}{{ x|map('upper')|list|length }}{% endfor %}{% endfor %}",
    "half a character": "{{ '\\ud800' }}",
    "brackets in brackets": "{{ " + "(" * 400 + "1" + ")" * 400 + " }}",
    "ifs in ifs": "{% if 1 %}" * 300 + "{% endif %}" * 300,
    "many additions": "{{ " + "+".join(["1"] * 20000) + " }}",
    "lists of one list": "{% set a = [x, x, x, x, x, x] %}{% set b = [a, a, a, a, a] %}{% set c = [b, b, b, b, b] %}{% set d = [c, c, c, c, c] %}{% set e = [d, d, d, d, d] %}{{ e }}",
    "mappings of one mapping": "{% set a = {'a': x * 500} %}{{ {'a': [a] * 500} }}",
    "a key of tuples of tuples": "{% set a = (1,) * 1000 %}{% set b = (a,) * 1000 %}{% set c = (b, b, b) %}{{ {c: 1}|length }}",
    "many widths": "{{ ('%999s' * 100000) % ((1,) * 100000) }}",
    "one long value many times": "{{ ('%(a)s' * 100000)|format(a='x' * 100000) }}",
    "one long value many times in a phrase": "{{ _('%(a)s' * 100000, a='x' * 100000) }}",
    "phrases of phrases": "{% for a in x %}{% for b in x %}{{ ngettext('%(a)s', '%(a)s', 2, a='x' * 4000)|length }}{% endfor %}{% endfor %}",
    "a place without a value": "{{ _('%(a)s', b='x') }}",
    "half a thing": "{{ ngettext('a', 'b', 1.5) }}",
    "titles of long texts": "{% set t = 'aa bb ' * 200000 %}{% for a in x %}{{ t|title|length }}{% endfor %}",
    "filling long texts": "{% set t = 'aa bb ' * 200000 %}{% for a in x %}{{ t|fill|length }}{% endfor %}",
    "escapes of escapes": "{{ ('<' * 4000000)|e|e|e|e }}",
}  # fmt: skip


def printed(text: str) -> str:
    template = compile_text(TemplateSource(name="issue.txt", text=text))
    phrases = phrases_of("de")
    values = {"_": phrases.gettext, "ngettext": phrases.ngettext}
    return template.render({"x": WORDS, "d": dt.date(2026, 11, 26), **values})


ALL_AT_ONCE = """
import datetime, json, re, sys
from newsletter.errors import TemplateError
from newsletter.render.parts import TemplateSource
from newsletter.render.phrases import phrases_of
from newsletter.render.templates import compile_text

def most():
    return int(re.search(r"VmPeak:\\s+([0-9]+)", open("/proc/self/status").read())[1])

compile_text(TemplateSource(name="issue.txt", text="{% for a in x %}{{ a|title|e }}{% endfor %}")).render({"x": ["w"]})
phrases = phrases_of("de")
said, before = {}, most()
for name, text in json.load(sys.stdin).items():
    try:
        template = compile_text(TemplateSource(name="issue.txt", text=text))
        values = {"_": phrases.gettext, "ngettext": phrases.ngettext}
        template.render({"x": ["w"] * 2000, "d": datetime.date(2026, 11, 26), **values})
    except TemplateError as error:
        said[name] = str(error), most() - before
json.dump(said, sys.stdout)
"""
"""What it says of each template, and the kilobytes that it has taken at most until then."""


@pytest.mark.slow
def test_greedy_templates_are_stopped() -> None:
    """Each with its file, before it takes a hundred megabytes: what would grow is refused."""
    if not Path("/proc/self/status").is_file():
        pytest.skip("this system does not tell how much memory a process has taken")
    # All in one process, whose memory is its own.
    done = subprocess.run(
        [sys.executable, "-c", ALL_AT_ONCE], input=json.dumps(GREEDY), capture_output=True,
        text=True, check=True, timeout=100,
    )  # fmt: skip
    said = json.loads(done.stdout)

    assert set(said) == set(GREEDY)
    for name, (told, kilobytes) in said.items():
        assert re.match(r"issue\.txt(:1)?: ", told), name
        # Of addresses: those among them that the allocator keeps.
        assert kilobytes < 120_000, name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{% for a in x %}{% if loop.last %}{{ loop.index }}{% endif %}{% endfor %}", "2000"),
        ("{{ 'a' ~ 1 ~ 'b' }}", "a1b"),
        ("{{ _('Code') }}{{ ngettext('%(num)s vote', '%(num)s votes', 2) }}", "Code2 Stimmen"),
        ("{{ x[:2]|join(', ')|upper }}", "W, W"),
        ("{{ 'w' in x and x[0] == 'w' and nothing is not defined }}", "True"),
        ("{{ '%s %03d'|format('n', 7) }} {{ '%.2f' % 1.234 }}", "n 007 1.23"),
        ("{% macro m(n) %}<{{ n }}{% if n %}{{ m(n - 1) }}{% endif %}>{% endmacro %}{{ m(2) }}", "<2<1<0>>>"),
        ("{% for a in [1, 2] %}{{ loop.cycle('a', 'b') }}{% endfor %}", "ab"),
        ("{{ d.isoformat() }} {{ d.year }}", "2026-11-26 2026"),
        ("{% for k, v in {'a': 1}.items() %}{{ k }}{{ v }}{% endfor %}", "a1"),
        ("{{ ['b', 'a']|sort|first }}{{ 'a,b'.split(',')|last }}{{ 2 * 3 ** 2 }}", "ab18"),
        ("{% for group in [{'k': 1}, {'k': 1}]|groupby('k') %}{{ group.list|length }}{% endfor %}", "2"),
    ],
)  # fmt: skip
def test_what_templates_do_still_works(text: str, expected: str) -> None:
    """Loops, joins, filters, macros and tests give what Jinja gives."""
    assert printed(text) == expected


@given(st.text("{}%|~+*()[]x0 '\"setforinaendif", max_size=60))
def test_any_template_renders_or_is_told(text: str) -> None:
    """No other error comes out of a template."""
    try:
        printed(text)
    except TemplateError as error:
        assert str(error).startswith("issue.txt")


def test_a_subject_of_brackets_in_brackets_is_a_mistake() -> None:
    """It is told like any other mistake of a subject."""
    with pytest.raises(TemplateError, match="nested too deeply"):
        parse_subject("{{ " + "(" * 400 + "1" + ")" * 400 + " }}")
