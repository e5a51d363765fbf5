"""The linter finds what readers would stumble over."""

from __future__ import annotations

import pytest
from makers import make_edition

from newsletter.render.checks import lint
from newsletter.render.tokens import token

OUT = f'<a href="{token("unsubscribe_url")}">out</a>'


def test_a_good_edition_has_no_findings() -> None:
    """What is right is not complained about."""
    assert lint(make_edition()) == ()


@pytest.mark.parametrize(
    ("html", "finding"),
    [
        ("<h1>x</h1>", "no unsubscribe link in the HTML"),
        (f'{OUT}<a href="javascript:x">y</a>', "neither http"),
        (f"{OUT}<a>y</a>", "without an address"),
        (f'{OUT}<a href="#there">y</a>', "not in the email"),
        (f'{OUT}<img src="https://e.org/x.png">', "without alt text"),
        (f"{OUT}{{{{ left }}}}", "template code is left"),
        (f"{OUT}{'x' * 97_000}", "Gmail cuts"),
        (f"{OUT}{'x' * 85_000}", "near to where Gmail cuts"),
        (f"{OUT}<h1>a</h1><h3>b</h3>", "heading level 3 follows level 1"),
    ],
)
def test_each_flaw_is_found(html: str, finding: str) -> None:
    """One flaw, one finding that names it."""
    assert any(finding in one.message for one in lint(make_edition(html=f"<html>{html}</html>")))


def test_an_empty_text_part_is_an_error() -> None:
    """People who read text, and spam filters, want both parts."""
    assert any("text part is empty" in one.message for one in lint(make_edition(text=" ")))
