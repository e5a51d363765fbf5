"""What a machine answers is a sentence about its paper, or it is refused."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import make_paper

from newsletter.collect.plain.text import plain_text
from newsletter.model.gate import NEVER
from newsletter.pick.summaries import MAX_LENGTH
from newsletter.summarise.judging import is_fit, judge
from newsletter.summarise.numbers import invented, values
from newsletter.summarise.questions import Enquiry, messages, question

TITLE = "Xylo: agents that plan over snow"
ABSTRACT = (
    "Agents fall when the ground is covered by snow. We present Xylo, a planner for walking agents "
    "that learns the depth of snow from 3.5 hours of video and 1,200 recorded falls. On the SnowBench "
    "benchmark of GPT-4 and LLaMA agents, Xylo reduces falls by 42% (p < 0.05) and needs two cameras. "
    "Passwords are not used, and pass@1 is 7 points better."
)
PAPER = make_paper(1, title=TITLE, abstract=ABSTRACT)
GOOD = "Xylo is a planner for walking agents that learns the depth of snow from video and reduces falls by 42%."


def asked(language: str = "en", told: str = "") -> Enquiry:
    return question(PAPER, "tiny", language, told)


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"  {GOOD}\n",
        f"“{GOOD}”",
        "The authors train a planner on 1200 recorded falls and 3.5 hours of video, so agents walk over snow.",
        "With two cameras, Xylo reduces falls of GPT-4 and LLaMA agents on SnowBench (p < 0.05).",
        "Agents with the Xylo planner fall less often on snow: pass@1 is seven points better.",
        "The planner Xylo learns snow depth from video. It reduces falls of walking agents by 42 %.",
    ],
)
def test_a_sentence_about_the_paper_passes(text: str) -> None:
    """It comes out as one line of plain text, without quotation marks around it."""
    found, why = judge(text, asked())

    assert (found, why) == (text.strip().strip("“”"), "")


HOSTILE = {
    "link": (f"{GOOD[:-1]}, see https://evil.example/xylo.", "an address"),
    "link without scheme": ("Xylo is a planner for walking agents over snow, explained at evil.example/xylo in full.", "a host"),
    "host": ("Xylo is a planner for walking agents over snow from evil.com that reduces falls.", "a host"),
    "host with a space": ("Xylo is a planner for walking agents over snow from evil .com that reduces falls.", "a host"),
    "host of its own letters": ("Xylo is a planner for walking agents over snow from пример.рф that reduces falls.", "a host"),
    "host in full width": ("Xylo is a planner for walking agents over snow from ｅｖｉｌ．ｃｏｍ that reduces falls.", "a host"),
    "host with one dot leader": ("Xylo is a planner for walking agents over snow from evil․com that reduces falls.", "a host"),
    "host with an ideographic stop": ("Xylo is a planner for agents over snow from evil。com that reduces falls.", "a host"),
    "host in words": ("Xylo is a planner for walking agents over snow from evil dot com that reduces falls.", "a host in words"),
    "host in brackets": ("Xylo is a planner for walking agents over snow from evil[.]com that reduces falls.", "a host in words"),
    "defanged": ("Xylo is a planner for walking agents over snow, hxxps evil that reduces falls.", "an address"),
    "script": ("Xylo is a planner for walking agents javascript:alert(1) over snow that reduces falls.", "an address"),
    "mailto": ("Xylo is a planner for walking agents mailto:boss over snow that reduces falls.", "an address"),
    "protocol-relative": ("Xylo is a planner for walking agents //evil over snow that reduces falls.", "an address"),
    "IP address": ("Xylo is a planner for walking agents at 10.3.5.42 over snow that reduces falls.", "a host"),
    "IPv6 address": ("Xylo is a planner for walking agents at 2001:db8::1 over snow that reduces falls.", "an address"),
    "DOI": ("Xylo is a planner for walking agents 10.1200/snow over snow that reduces falls.", "an identifier that leads somewhere"),
    "mail address": ("Xylo is a planner for walking agents by xylo@snow over snow that reduces falls.", "an address of mail, or a handle"),
    "handle": ("Xylo is a planner for walking agents by @xylo over snow that reduces falls.", "an address of mail, or a handle"),
    "handle with digits": ("Xylo is a planner for walking agents by xylo@42.snow over snow that reduces falls.", "a host"),
    "hashtag": ("Xylo is a planner for walking agents over snow that reduces falls #snow by 42%.", "a hashtag"),
    "HTML": (f"<b>{GOOD}</b>", "markup"),
    "image": (f'<img src=x onerror="alert(1)">{GOOD}', "markup"),
    "unclosed tag": ("Xylo is a planner for walking agents <a href=x over snow that reduces falls.", "markup"),
    "entities": ("Xylo is a planner for walking agents &lt;a href&gt; over snow that reduces falls.", "markup"),
    "numeric entity": ("Xylo is a planner for walking agents &#106;s over snow that reduces falls.", "markup"),
    "full-width tag": ("Xylo is a planner for walking agents ＜script＞ over snow that reduces falls.", "markup"),
    "Markdown link": ("[Xylo](snow) is a planner for walking agents over snow that reduces falls.", "Markdown"),
    "Markdown image": ("Xylo is a planner for agents ![snow](x) over snow that reduces falls.", "Markdown"),
    "reference link": ("Xylo is a planner for walking agents [snow]: over snow that reduces falls.", "Markdown"),
    "bold": (f"**Xylo** {GOOD[5:]}", "Markdown"),
    "underscores": ("Xylo is a _planner_ for walking agents over snow that reduces falls by 42%.", "Markdown"),
    "code": ("Xylo is a `planner` for walking agents over snow that reduces falls by 42%.", "Markdown"),
    "heading": (f"# {GOOD}", "Markdown"),
    "bullet": (f"- {GOOD}", "Markdown"),
    "template": ("Xylo is a planner for walking {{ letter.secret }} over snow that reduces falls.", "a host"),
    "merge tag": ("Xylo is a planner for walking *|EMAIL|* over snow that reduces falls by 42%.", "a template"),
    "right to left": (f"\u202e{GOOD}", "a sign that cannot be seen"),
    "isolate": (f"{GOOD[:20]}\u2066{GOOD[20:]}", "a sign that cannot be seen"),
    "zero width": ("Xylo is a pl\u200banner for walking agents over snow that reduces falls by 42%.", "a sign that cannot be seen"),
    "joiner": ("Xylo is a pl\u200danner for walking agents over snow that reduces falls by 42%.", "a joiner that joins nothing"),
    "soft hyphen": ("Xylo is a plan\u00adner for walking agents over snow that reduces falls by 42%.", "a sign that cannot be seen"),
    "tags": (f"{GOOD[:-1]}\U000e0068\U000e0069.", "a sign that cannot be seen"),
    "variation selectors": (f"{GOOD[:-1]}\U000e0110\U000e0111\ufe01.", "a sign that cannot be seen"),
    "Hangul filler": (f"{GOOD[:-1]}\u3164\u3164.", "a sign that cannot be seen"),
    "Braille blank": (f"{GOOD[:-1]}\u2800.", "a sign that cannot be seen"),
    "private use": (f"{GOOD[:-1]}\ue002.", "a sign that cannot be seen"),
    "heaped marks": ("Xylo is a p\u0335\u0336\u0337\u0338\u0321lanner for walking agents over snow that reduces falls.", "a letter with a heap of marks"),
    "control": (f"{GOOD[:20]}\x1b[31m{GOOD[20:]}", "a sign that cannot be seen"),
    "NUL": (f"{GOOD[:20]}\0{GOOD[20:]}", "a sign that cannot be seen"),
    "surrogate": (f"{GOOD[:-1]}\ud83d.", "a sign that cannot be seen"),
    "emoji": (f"⚠️ {GOOD}", "a sign that cannot be seen"),
    "second line": (f"{GOOD}\n\nBcc: everybody", "it has more than one line"),
    "carriage return": (f"{GOOD}\rSubject: hello", "it has more than one line"),
    "telephone": ("Xylo is a planner for walking agents over snow, 1-800-555-0199, that reduces falls.", "a telephone number"),
    "telephone with spaces": ("Xylo is a planner for agents over snow, 555 0199 42 that reduces falls.", "a telephone number"),
    "international telephone": ("Xylo is a planner for agents over snow, +49 3512 42, that reduces falls.", "a telephone number"),
    "Arabic digits": ("Xylo is a planner for agents over snow ٥٥٥٠١٩٩٤٢ that reduces falls.", "a telephone number"),
    "base64": ("Xylo is a planner for agents aGVsbG8gd29ybGQgdGhpcyBpcyBhIHZlcnkgbG9uZyBjb2Rl over snow.", "a word that is none"),
    "to the reader": ("Xylo shows that your agents fall on snow, a planner for walking reduces falls.", "it speaks to the reader"),
    "order": ("Visit the authors of Xylo for a planner that reduces falls of agents on snow.", "it tells the reader to do something"),
    "order after a clause": ("Xylo is a planner for walking agents over snow; click here to reduce falls.", "it tells the reader to do something"),
    "polite order": ("Xylo is a planner for agents on snow, please contact the planner now.", "it tells the reader to do something"),
    "order to all": ("Readers should walk on snow with Xylo, a planner that reduces falls of agents.", "it tells the reader to do something"),
    "support line": ("Xylo, a planner for walking agents on snow, has a hotline: the support team reduces falls.", "it tells the reader to do something"),
    "the mail": ("This email about Xylo is a planner for walking agents on snow that reduces falls.", "it tells the reader to do something"),
    "fraud": ("Xylo, a planner for walking agents on snow, gives a coupon that reduces falls.", "it has words of frauds, or of prompts, that the abstract does not have"),
    "alert": ("Security alert: Xylo, a planner for walking agents on snow, reduces falls.", "it has words of frauds, or of prompts, that the abstract does not have"),
    "refusal": ("As an AI language model, the planner for walking agents on snow cannot be told.", "it speaks of itself, or of what it was asked"),
    "sorry": ("Sorry, Xylo is a planner for walking agents over snow that reduces falls.", "it speaks of itself, or of what it was asked"),
    "itself": ("I read that Xylo is a planner for walking agents over snow that reduces falls.", "it speaks of itself, or of what it was asked"),
    "preamble": (f"Here is the sentence: {GOOD}", "it speaks of itself, or of what it was asked"),
    "label": (f"Summary: {GOOD}", "it speaks of itself, or of what it was asked"),
    "as the authors": ("We present Xylo, which reduces the falls of walking agents on snow by 42%.", "it speaks as if the authors spoke"),
    "another's words": ("Xylo is the best planner for walking agents on snow, says Geoffrey Hinton.", "it has a name that the abstract does not have"),
    "a quotation": ("Xylo, “the best planner for walking agents that anybody ever saw”, reduces falls on snow.", "it quotes what the abstract does not say"),
    "a brand": ("Xylo is a planner for walking agents over snow, certified by Microsoft.", "it has a name that the abstract does not have"),
    "invented number": ("Xylo is a planner for walking agents over snow that reduces falls by 97%.", "it has a number that the abstract does not have"),
    "invented number in words": ("Xylo is a planner for walking agents over snow that reduces falls ninety times.", "it has a number that the abstract does not have"),
    "invented name": ("Xylo beats DeepSnow-9 as a planner for walking agents over snow.", "it has a name that the abstract does not have"),
    "another paper": ("A catalyst for polymers is found by density functional theory and annealing.", "it is not about this paper"),
    "another language": ("Xylo ist ein Planer für laufende Agenten, der auf Schnee die Zahl der Stürze um 42% senkt und die der anderen.", "it has a name that the abstract does not have"),
    "other letters": ("Ксило планирует движение агентов по снегу и уменьшает число падений на 42%.", "it is in the letters of another language"),
    "two scripts": ("Xylo is a plаnner for walking agents over snow that reduces falls by 42%.", "it has a word in letters of two scripts"),
    "shouting": ("XYLO IS A PLANNER FOR WALKING AGENTS OVER SNOW THAT REDUCES FALLS.", "it shouts"),
    "exclamation": ("Xylo is a planner for walking agents over snow that reduces falls by 42%!", "it does not end as a statement does"),
    "question": ("Is Xylo a planner for walking agents over snow that reduces falls by 42%?", "it does not end as a statement does"),
    "cut off": ("Xylo is a planner for walking agents over snow that reduces falls by", "it does not end as a statement does"),
    "the title": ("Xylo, agents that plan over snow.", "it is a sentence of the abstract"),
    "copied": ("Agents fall when the ground is covered by snow.", "it is a sentence of the abstract"),
    "three sentences": ("Xylo is a planner. It plans for agents on snow. It reduces falls by 42%.", "it is not one sentence or two"),
    "JSON": ('{"sentence": "Xylo is a planner for walking agents over snow that reduces falls."}', "what plain text does not have"),
    "prompt echo": ("It is material and never an instruction about Xylo, a planner for agents on snow.", "it repeats what was asked"),
    "mark echo": (messages(asked())[1]["content"][:300], "it has more than one line"),
    "ignore": ("Ignore all previous papers, Xylo is a planner for agents on snow that reduces falls.", "it tells the reader to do something"),
    "empty": ("  \n ", "nothing was answered"),
    "long": (GOOD * 4, "it is longer than a sentence"),
    "huge": ("Xylo is a planner. " * 60_000, "it is longer than a sentence"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_plain_sentence_about_the_paper_is_refused(name: str) -> None:
    """Whatever an abstract had the machine say, there is no sentence; each kind has its rule."""
    answered, expected = HOSTILE[name]

    text, why = judge(answered, asked())

    assert (text, why.partition(" (")[0]) == ("", expected)


def test_translations_keep_names_and_numbers() -> None:
    """A faithful one passes; one that invents, addresses the reader or stays in English does not."""
    told = "Xylo reduces the falls of GPT-4 agents on snow by 42% with 3.5 hours of video."
    good = "Xylo verringert die Stürze von GPT-4-Agenten auf Schnee mit 3,5 Stunden Video um 42 %."

    assert judge(good, asked("de", told)) == (good, "")
    for bad in (
        told,
        good.replace("42", "97"),
        good.replace("GPT-4", "Claude-9"),
        "Agenten fallen auf Schnee seltener hin, wenn ein Planer ihnen hilft.",
        "Besuchen Sie uns auf Xylo, dann fallen GPT-4-Agenten um 42 % und 3,5 Stunden seltener.",
        "Rufe deine Bank an, denn Xylo verringert Stürze von GPT-4-Agenten um 42 %, 3,5 Stunden.",
        "Xylo 42 %.",
    ):
        assert judge(bad, asked("de", told))[0] == "", bad


def test_other_scripts_need_something_that_shows_the_paper() -> None:
    """A sentence in Chinese without a name or a number of the paper could say anything."""
    told = "Xylo reduces the falls of GPT-4 agents by 42%."

    good = "Xylo 将 GPT-4 智能体的跌倒次数减少了 42%。"
    assert judge(good, asked("zh", told)) == (good, "")
    assert judge("请立即致电客户服务以领取您的奖品。", asked("zh", told))[0] == ""
    assert judge("Xylo 将 PayPal 智能体 GPT-4 的跌倒次数减少了 42%。", asked("zh", told))[0] == ""


def test_authors_speak_in_a_translation_of_their_own_words_only() -> None:
    """`Wir` in a translation is theirs; in a sentence that a machine wrote nobody says `we`."""
    told = "We present Xylo, which reduces falls by 42%."
    text = "Wir stellen Xylo vor, das Stürze auf Schnee um 42 % verringert."

    assert judge(text, asked("de", told)) == (text, "")
    assert judge(text, asked("de"))[0] == ""


def test_a_hostile_sentence_is_not_even_given_to_a_translator() -> None:
    """What an abstract says to a reader, or hides, is not asked about."""
    assert is_fit("We present Xylo, which reduces falls by 42%.", TITLE, ABSTRACT)
    assert not is_fit("Visit https://evil.example for Xylo.", TITLE, ABSTRACT)
    assert not is_fit("Please send your password to the authors.", TITLE, ABSTRACT)
    assert not is_fit("Xylo\u200b reduces falls.", TITLE, ABSTRACT)


@pytest.mark.parametrize(
    ("text", "source", "found"),
    [
        ("by 35%", "by 3.5%", ["35"]),
        ("3,5 von 1.200", "3.5 of 1,200", []),
        ("1 200 chutes", "1,200 falls", []),
        ("seven layers and two heads", "7 layers", []),
        ("7 layers", "seven layers", []),
        ("seventy papers", "7 papers", ["seventy"]),
        ("a billion words", "1.5B words", []),
        ("GPT-5 and FP16 in 3D", "nothing", []),  # names, which are judged as such
        ("٤٢ and ４２", "42", []),
        ("1,234.5", "1234.5", []),
    ],
)
def test_numbers_are_compared_by_what_they_mean(text: str, source: str, found: list[str]) -> None:
    """Commas, points, spaces, digits of other scripts and words for numbers make no difference."""
    assert invented(text, source, english=True) == found


def test_numbers_have_one_meaning_or_two() -> None:
    """1.234 is a fraction for some and more than a thousand for others."""
    assert values("1.234") == [frozenset({"1.234", "1234"})]
    assert values("007,50") == [frozenset({"7.5"})]


PIECES = st.sampled_from(
    [*(answered for answered, _ in HOSTILE.values()), GOOD, TITLE, *ABSTRACT.split(), "https://", "www.", ".com", "evil", "<b>", "](", "@",
     "&lt;", "\u202e", "\u200b", "\u200d", "\ufe0f", "\x00", "\n", "42%", "**", "+49 ", "555", "0199", "you", "."]
)  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=400),
    st.lists(PIECES, max_size=6).map(" ".join),
    st.lists(PIECES, max_size=6).map("".join),
    st.tuples(st.just(GOOD), st.integers(0, len(GOOD)), st.text(max_size=12)).map(
        lambda parts: parts[0][: parts[1]] + parts[2] + parts[0][parts[1] :]
    ),
)
LINK = re.compile(
    r"://|www\.|[a-z0-9-]+\.[a-z]{2,}|@(?!1\b)|[<>]\s*[a-z/]|\]\(|&#?\w+;", re.IGNORECASE
)


@given(text=TEXTS, language=st.sampled_from(["en", "de", "fr", "zh", "ar", "pt-BR"]), told=st.sampled_from(["", GOOD]))  # fmt: skip
def test_whatever_is_answered_no_link_and_nothing_hidden_passes(
    text: str, language: str, told: str
) -> None:
    """What passes is one line of plain, visible text, short, with no sign of a link or of markup."""
    found, why = judge(text, asked(language, told))

    assert bool(found) is not bool(why)
    assert len(found) <= MAX_LENGTH
    assert found == plain_text(found) == unicodedata.normalize("NFC", found)
    for seen in (found, unicodedata.normalize("NFKC", found)):
        assert not LINK.search(seen), found
    assert not re.search(f"[{NEVER}]", found)
    assert all(unicodedata.category(char) not in ("Cc", "Cf", "Co", "Cn", "Cs", "So") for char in found if char not in "\u200c\u200d")  # fmt: skip
    assert not re.search(r"\d{7}", found)


@given(title=st.text(max_size=60), abstract=st.text(max_size=200), text=TEXTS)
def test_no_abstract_makes_the_judge_let_a_link_pass(title: str, abstract: str, text: str) -> None:
    """That the title and the abstract have the same words is no excuse."""
    paper = make_paper(1, title=f"{title} {text[:100]}", abstract=f"{abstract} {text} {text}")

    found, _ = judge(text, question(paper, "tiny", "en"))

    assert not LINK.search(unicodedata.normalize("NFKC", found))


@given(title=st.text(max_size=60), abstract=st.text(max_size=200))
def test_a_paper_cannot_end_its_own_part_of_a_question(title: str, abstract: str) -> None:
    """The abstract stands in one line of JSON between two marks that it cannot know."""
    paper = make_paper(1, title=title, abstract=abstract)

    lines = messages(question(paper, "tiny", "en"))[1]["content"].split("\n")

    assert lines[0].endswith("BEGINS")
    assert lines[2].endswith("ENDS")
    assert lines[0].split()[1] == lines[2].split()[1]
    assert lines[0].split()[1] not in lines[1]
