"""HTML and LaTeX to plain text."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.collect.plain.text import plain_text

EXAMPLES = {
    r"$O(n^2)$ time": "O(n²) time",
    r"Poincar\'e, G\"odel, Erd\H{o}s, Fran\c{c}ois, \v{S}, \o{}re, na\"{\i}ve": (
        "Poincaré, Gödel, Erdős, François, Š, øre, naïve"
    ),
    r"78.2\% better~\cite{x,y}.": "78.2% better.",
    "costs $5 and $6": "costs $5 and $6",
    r"\href{https://u}{the code}": "the code",
    r"$x_{t+1}$ and $L_{p,q}$": "xₜ₊₁ and L_(p,q)",
    "R^3 kept readable": "R^3 kept readable",
    r"$\alpha$-divergence, \textbf{bold $\beta$}, \emph{x}": "α-divergence, bold β, x",
    r"$\mathbb{R}^{n \times d}$, $\mathcal{L}_{\theta}$": "ℝ^(n × d), L_θ",
    r"$\frac{a+b}{2}$, $\sqrt{n}$, $\log n$, $\tilde{O}(\sqrt{T})$": "(a+b)/2, √n, log n, Õ(√T)",
    r"10$^{-5}$ $\sim$3$\times$": "10⁻⁵ ~3×",
    r"$p < 0.05$ &amp; more": "p < 0.05 & more",
    "a <b and c> d, p<0.05": "a <b and c> d, p<0.05",
    "&lt;b&gt;Hi&lt;/b&gt; &amp;lt;i&amp;gt;you&amp;lt;/i&amp;gt;": "Hi you",
    "<p>one</p><p>two <em>three</em></p>": "one two three",
    r'<a href="http://x/au:+Lindstr\"om-Osei/0">Hedda</a> and <a title="a > b" href=x>Bo</a>': (
        "Hedda and Bo"
    ),
    r"$\lceil h/2 \rceil$ and $\langle x, y \rangle$": "⌈h/2⌉ and ⟨x, y⟩",
    "a<script>alert(1)</SCRIPT>b<!-- c -->d": "a b d",
    "``quoted'' -- yes --- no": "“quoted” – yes — no",
    "~5% of x~y, https://a.example/~user": "~5% of x y, https://a.example/~user",
    "soft\u00adhyphen, of\ufb01ce, zero\u200bwidth, \u202eevil": "softhyphen, office, zerowidth, evil",
    "JosÃ© RaÃºl: Whatâ€™s new": "José Raúl: What’s new",
    "Ã coté, São Paulo, Â": "Ã coté, São Paulo, Â",
    "token \ue000unsubscribe_url\ue001": "token unsubscribe_url",
    "ALL CAPS STAY": "ALL CAPS STAY",
    r"$\mathcal{O}(n\log n)$, $a\bmod n$, $2\sin x$": "O(n log n), a mod n, 2 sin x",
    r"Stra\ss e, S\o ren, \L ukasz, gar\c con, \v Skoda, don\textquoteright t": (
        "Straße, Søren, Łukasz, garçon, Škoda, don’t"
    ),
    r"regex \d and \b end": "regex d and b end",
    r"$\sqrt[3]{n}$, $\sqrt[k]{x+1}$": "∛n, ᵏ√(x+1)",
    r"$\ket{\psi}$, $\norm{x}$": "|ψ⟩, ‖x‖",
    r"\verb|x_y|, \url{https://a.example/~u_v}": "x_y, https://a.example/~u_v",
    "see https://a.example/b~c": "see https://a.example/b~c",
    "`quoted' and `it's so', `code` and rock 'n' roll, ''both''": (
        "‘quoted’ and ‘it's so’, code and rock 'n' roll, “both”"
    ),
    "Hahn--Banach, 1--2, a -- b, $x$--$y$": "Hahn–Banach, 1–2, a – b, x–y",
    r"run --fast with $x$, C--, <-->": "run --fast with x, C--, <-->",
    r"the \emph{new} .NET and ... \cite{x}.": "the new .NET and ....",
    "10<sup>5</sup> cells, H<sub>2</sub>O, m<sup>-1</sup>, 5<sup>th</sup>, R<sup>d</sup>": (
        "10⁵ cells, H₂O, m⁻¹, 5th, Rᵈ"
    ),
    r"10\textsuperscript{5}, CO\textsubscript{2}, 5\textsuperscript{th}": "10⁵, CO₂, 5th",
    "<math><msup><mi>x</mi><mn>2</mn></msup></math> <mml:mfrac><mml:mn>1</mml:mn><mml:mn>2</mml:mn></mml:mfrac>": (
        "x² 1/2"
    ),
    "محمد الفاتح": "محمد الفاتح",
}


MARKDOWN = {
    "We **beat** *Xylo*, see [the code](https://e.example/a_(b)) `x.y`.": "We beat Xylo, see the code x.y.",
    "**Background:** We ***win***; **A**/**B**, *by 3%*.": "Background: We win; A/B, by 3%.",
    "![figure](https://e.example/1.png) We show": "We show",
    "## Abstract": "Abstract",
    "A* search: *p<0.05, **p<0.01, ***p<0.001": "A* search: *p<0.05, **p<0.01, ***p<0.001",
    "the *-product and the *-norm of C*-algebras, f(*,*)": "the *-product and the *-norm of C*-algebras, f(*,*)",
    "2**3, *args and **kwargs, a * b * c, p*q*r": "2**3, *args and **kwargs, a * b * c, p*q*r",
    "f[i](x), [x](y), [1] (https://e.example)": "f[i](x), [x](y), [1] (https://e.example)",
    "`x' and `y' and ``z''": "‘x’ and ‘y’ and “z”",
    "# 1 in ranking, #tag": "# 1 in ranking, #tag",
}  # fmt: skip


@pytest.mark.parametrize("given", MARKDOWN)
def test_signs_of_markdown_are_no_text(given: str) -> None:
    """Links, emphasis and code are the words that they mark; stars of formulas stay."""
    assert plain_text(given) == MARKDOWN[given]


@pytest.mark.parametrize("markup", EXAMPLES)
def test_examples(markup: str) -> None:
    """Each oddity that feeds really send reads as a person would write it."""
    assert plain_text(markup) == EXAMPLES[markup]


PIECES = st.sampled_from(
    [*"ab \\{}$^_~`'<>&;-[]()%é\n", "\\cite", "\\frac", "\\'", "&lt;", "<b>", "\\sqrt", "\\left"]
)


@given(st.lists(PIECES, max_size=40).map("".join))
def test_never_raises_and_is_one_clean_line(markup: str) -> None:
    """Whatever comes in, one line without control or private-use characters comes out."""
    text = plain_text(markup)

    assert not re.search(r"[\x00-\x1f\x7f-\x9f\ue000-\uf8ff]", text)
    assert text == text.strip()


@given(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=60))
def test_plain_words_are_never_lost(word: str) -> None:
    """Letters and digits survive in bold, in maths and in unbalanced braces."""
    kept = plain_text(word)

    assert plain_text(rf"\textbf{{{word}}}") == kept
    assert plain_text(f"{{{word}") == kept


@pytest.mark.parametrize(
    "piece",
    [
        "{",
        "$",
        "\\(",
        "\\cite[",
        "<!--",
        "<a ",
        "&amp;",
        "$x_",
        "\\frac",
        "^",
        "`",
        "--",
        "<sup>1",
        "<msup><mi>",
        "\\sqrt[",
    ],
)
def test_hostile_repetition_takes_linear_time(piece: str) -> None:
    """Twenty thousand openings of anything are done with long before the test's time limit."""
    plain_text(piece * 20_000)


@pytest.mark.data
def test_real_abstracts_are_left_without_markup(data: Path) -> None:
    """At most 2 in 1,000 real titles and abstracts keep a backslash, a brace or an entity."""
    texts: list[str] = []
    for path in (*data.glob("tldr/*.jsonl"), data / "readers" / "papers.jsonl"):
        for line in path.read_text("utf-8").strip().split("\n"):
            row = json.loads(line)
            source = row.get("source") or [row.get("abstract", "")]
            texts += [row.get("title") or "", " ".join(source)]
    for path in data.glob("arxiv/days/*.json"):
        for row in json.loads(path.read_text("utf-8"))["papers"]:
            texts += [row["title"], row["summary"]]

    left = [text for text in texts if re.search(r"\\|[{}]|&(lt|gt|amp|#)", plain_text(text))]

    assert len(texts) > 3_000
    assert 1000 * len(left) / len(texts) <= 2


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (
            "Search tokens: &lt;search&gt; and &lt;answer&gt;",
            "Search tokens: <search> and <answer>",
        ),
        ("&amp;lt;search&amp;gt; then &amp;lt;/search&amp;gt;", "<search> then </search>"),
        ("Styling <input> and <select> elements", "Styling <input> and <select> elements"),
        ("The <code> block, a <s> token", "The <code> block, a <s> token"),
        ("<code>x</code> <s>y</s> <b>z", "x y z"),
        ("<select name='a'><option>1</option></select>", "1"),
        ("<p>a</p><p>b</p>", "a b"),
    ],
)
def test_names_of_tags_in_prose_are_kept(given: str, shown: str) -> None:
    """Mark-up goes; what an author writes about tags stays."""
    assert plain_text(given) == shown


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (r"${\mathcal N}=4$ and $\mathbf x$, $\mathrm d x$", "N=4 and x, d x"),
        (r"$a \not= b$, $x \not\in Y$", "a ≠ b, x ∉ Y"),
        (r"\SI{5}{\kilo\metre\per\second} at \SI{300}{K}", "5 km/s at 300 K"),
        (r"\num{1e6} \ang{45} \qty{20}{\micro\second\squared}", "1×10⁶ 45° 20 μs²"),
        (r"\si{\joule\per\kilogram}", "J/kg"),
    ],
)
def test_latex_without_braces_and_units(given: str, shown: str) -> None:
    """Fonts for a single letter, crossed signs, and numbers with units."""
    assert plain_text(given) == shown
