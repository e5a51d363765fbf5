"""What may be cut from a sentence, and whether it can be understood without the text around it.

What remains are the authors' words as they wrote them, in their order.
"""

from __future__ import annotations

import re
from typing import Final


def _pattern(text: str) -> re.Pattern[str]:
    """Return an expression in which a space stands for any white space."""
    return re.compile(text.replace(" ", r"\s+"), re.IGNORECASE)


ENOUGH_WORDS = 8
"""An opening clause is cut only if at least this many words of the sentence remain."""

_SELF: Final = (
    r"(?:(?!prior|previous|existing|earlier|recent|related)[\w-]+ )?(?:paper|work|article|study"
    r"|survey|review|report|manuscript|contribution|thesis|dissertation|letter|note|chapter"
    r"|tutorial|book"
    r"|essay|perspective|research|talk)\b"
)
"""What follows `this` where it means the text itself."""
HEADING: Final = (
    "(?:BACKGROUND|INTRODUCTION|CONTEXT|OBJECTIVES?|AIMS?|PURPOSE|IMPORTANCE|DESIGN|SETTING|PARTICIPANTS"
    "|METHODS?|METHODOLOGY|RESULTS?|FINDINGS|DISCUSSION|INTERPRETATION|CONCLUSIONS?|SIGNIFICANCE)"
    "(?: AND [A-Z]+)?"
)
"""A heading within an abstract, in capitals."""
_LABEL = _pattern(
    r"(?:\((?:\d|[ivx]{1,4}|[a-h])\)|\d[.)]|[•▪–*-])\s+"
    r"|(?:abstract|background|context|introduction|motivations?|objectives?|aims?|purpose|problem"
    r"|methods?|methodology|approach|results?|findings|main results?|principal findings"
    r"|conclusions?|discussion|significance|summary|tl;dr|contributions?)(?:/\w+)?\s?[:.—]\s+"
    # Structured abstracts of medicine, whose headings lost what set them apart.
    rf"|(?-i:{HEADING})\s+(?=[A-Z\d])",
)
_OPENING = _pattern(
    rf"(?:(?:in|with|through) (?:this|the present) {_SELF}|(?:to|for|towards?) (?:this|that) "
    r"(?:end|aim|goal|purpose|reason))(?:,\s*|\s+(?=we\b))"
    r"|(?:more |most )?(?:specifically|concretely|precisely|importantly|notably|remarkably"
    r"|crucially|interestingly|surprisingly|accordingly|consequently|additionally"
    r"|furthermore|moreover|finally"
    r"|lastly|firstly|secondly|thirdly|nevertheless|nonetheless|overall|however|therefore"
    r"|hence|thus"
    r"|here|first|second|third|next|then|also|instead|further|besides|meanwhile|yet|so|but|and"
    r"|in particular|in addition|in contrast|by contrast|in response|in summary|in short"
    r"|in conclusion|to summarize|to conclude|as a result|as a consequence|to do so|in doing so"
    r"|by doing so|taken together|on the other hand|along the way|in turn),\s+"
    r"|(?:here|thus|therefore|hence|then|finally|moreover|furthermore|and|but|so) (?=(?:we|i)\b)",
)
_BACK_CLAUSE = _pattern(
    r"(?:(?:in order )?to|by|with|based (?:up)?on|(?:building|drawing) (?:up)?on|motivated|inspired"
    r"|driven|guided|encouraged|prompted|grounded|informed|armed|in light|in view|given|considering"
    r"|recognizing|towards?|for|following|leveraging|using|addressing|through|via|from|because of"
    r"|due to|beyond|despite|as such)\b"
    r"(?=[^,;:()]*\b(?:this|these|those|it|them|they|such|so"
    r"|above)\b)[^,;:()]{1,120}(?:,\s+|\s+(?=we\b))",
)
"""An opening clause that leads from what was said before to what follows."""
_CLAUSE = _pattern(
    r"(?!(?:if|when|whenever|where|under|for|assuming|assume|unless|without|only|except|provided"
    r"|suppose|on|at|as long)\b)[^,;:]{3,100}, (?:and )?(?:(?:in|with) this "
    rf"{_SELF},? )?(?=(?:we|this (?:paper|work)) \w)",
)
"""An opening clause before `we`. A condition is part of what is said, and stays."""
_ASIDE = re.compile(
    r"\s+[(\[](?:[A-Z][\w.&/+-]*[A-Z][\w.&/+-]*s?"
    r"|(?:e\.g|i\.e|cf|see|such as|for example)\b[^()\[\]]*"
    r"|[^()\[\]]*\b(?:19|20)\d\d[a-z]?|https?:[^()\[\]\s]*)[)\]](?=[\s.,;:!?]|$)"
)
"""A name in short, an example, a source, an address in brackets that are a word of their own.

`O(n)`, `(V)LM` and `key(s)` are words; `(almost)` and `(not)` change what is said."""
_FIRST_WORD = re.compile(r"[^\W\d_]{2,}(?![\w'’])|[^\W\d_](?=\s)")

_JUDGED: Final = (
    r"(?:(?:well|widely|commonly|generally|often|also|not) )*(?:known|shown|found|argued|believed"
    r"|possible|impossible|important|crucial|essential|necessary|difficult|hard|harder|easy|easier"
    r"|challenging|clear|unclear|common|natural|desirable|demonstrated|proved|proven|concluded"
    r"|suggested|observed|expected|accepted|agreed|evident|apparent|obvious|feasible|useful|beneficial|critical|vital|imperative|likely)\b"
)
_BACK: Final = (
    # Not `this paper`, `it is known that`, `those who`: they need nothing from before.
    rf"(?!this {_SELF}|those (?:of|who|that|which|with|in)\b"
    r"|it (?:(?:is|was|has been|remains|becomes|became|seems|can be|turns out) )?"
    rf"(?:{_JUDGED}|that\b))"
    r"(?:this|these|those|it|them|they)\b"
)
_POINTED: Final = rf"(?:this (?!{_SELF})|these |those (?!(?:of|who|that|which|with|in)\b))"
_KINDS: Final = (
    r"(?:method|approach|model|framework|algorithm|system|technique|architecture|result|finding"
    r"|experiment|evaluation|analysis|dataset|data set|corpus|benchmark|pipeline|strategy|procedure"
    r"|network|scheme|solution|tool|toolkit|code|idea|insight|problem|task|difference|effect"
    r"|improvement|gap|challenge|issue|limitation)(?:s|es)?"
)
"""What an abstract names by its kind alone, once it has named it in full."""
_VERB: Final = (
    r"(?:(?:also|then|further|thus|not) )?(?:is|are|was|were|has|have|had|can|could|may|might|will"
    r"|do|does|show|suggest|demonstrate|indicate|provide|reveal|confirm|highlight|imply|support"
    r"|prove|[a-z]+(?<![aiu])s|[a-z]{3,}ed)\b"
)
_REFERS_BACK = _pattern(
    "|".join(
        (
            # It is about something that was named before: `This`, `It`, `Such methods`.
            _BACK,
            r"(?:such(?! (?:as|that)\b)|that|its|their|he|she|his|her|another)\b",
            r"both\b(?!(?: [\w-]+){1,8} and\b)",
            (
                r"(?:all|some|most|many|none|each|one|two|three|any|several) (?:of )?"
                r"(?:this|these|those|them|such)\b"
            ),
            # `The proposed method`, `The results show`, `The method is`.
            (
                r"(?:the|all|each|our) (?:[\w-]+ )??(?:former|latter|same|above|resulting"
                r"|aforementioned|proposed|others?)\b"
            ),
            (
                r"the (?:(?:novel|new|final|overall|full|main|key|core|central|empirical"
                r"|experimental|numerical|theoretical|first|second|third|underlying|learned"
                r"|trained) )?"
                rf"{_KINDS}(?:,| {_VERB})"
            ),
            # It goes on with a list, or with a thought: `2) `, `Similarly`, `However,`.
            r"(?:[2-9]|ii+|iv|vi*|[b-h])[.)] ",
            (
                r"(?:otherwise|similarly|likewise|conversely|indeed|namely|rather|alternatively"
                r"|in turn|as such|in other words|that is|for example|for instance|in fact"
                r"|on the contrary"
                r"|in comparison|vice versa|hence|thus|then|therefore"
                r"|(?:and|but|or|nor|yet|so) (?!on ))\b"
            ),
            (
                r"(?:here|however|moreover|furthermore|additionally|also|next|first|second|third"
                r"|finally|firstly|secondly|thirdly|lastly|instead|besides|meanwhile"
                r"|further|in addition"
                r"|in contrast|in particular|specifically|consequently|accordingly|nevertheless"
                r"|nonetheless|as a result),"
            ),
            # It opens with what leads on from there: `In these settings, …`, `Together, these …`.
            rf"(?!(?:we|i|our) )[\w-]+,? (?:[\w-]+ ){{0,2}}(?:{_POINTED}|such (?!as\b)|it,)",
            (
                r"(?:in|on|under|with|within|at|for|from|by|through|via|across|as|to|using|given"
                r"|while|when|since|because|although|though|once|if|based|after|before|during|among"
                r"|despite|unlike|beyond|towards?|[a-z]+ing|motivated|inspired)\b[^,;:()]{0,100}?\b"
                rf"{_POINTED}[^,;:()]{{1,80}},"
            ),
            # It says what is done with it: `We use this difference`, `Our method does so by`.
            (
                r"(?:we|i|our(?: [\w-]+){1,2}|(?:[\w-]+ )?(?:results?|experiments|evaluations"
                r"|findings)|one)(?: \w+){1,3}?(?: (?:that|how|why|whether|if|to|by|on|of"
                r"|for|in|with|through"
                rf"|via|using|from|all|both|and|also)){{0,2}} (?:{_BACK}"
                r"|so (?:by|via|through|with|using|while|without)\b)"
            ),
            r"we (?:[\w-]+ ){1,2}that such\b",
            # It opens with a phrase that names nothing: `On two benchmarks, this method wins`.
            (
                r"(?!to (?:the best of )?our\b)"
                r"(?:in|on|under|with|within|at|for|from|by|through|via|across|to|using|during"
                r"|among|despite|unlike|beyond|towards?|as an?|compared|taken|instead"
                r"|[a-z]+(?:ing|ly))\b(?:[^,;:()]|\([^()]{0,80}\)|,(?=\d)){0,120}, "
                rf"{_POINTED}"
            ),
        )
    )
)
_ASKS = _pattern(
    r"(?:(?:an?|the|one|our|this|another|yet|still|but|however,?) ){0,2}(?:[\w-]+ ){0,2}questions? "
    r"(?:[\w-]+ ){0,3}?(?:is|are|remains?|arises?|concerns?)[:,]? "
    r"(?:whether|if|how|what|which|why|when)\b"
    r"|(?:yet |but |however,? )?(?:it|what) (?:(?:is|remains) )?(?:still |largely |also )*"
    r"(?:remains |is )?(?:unclear|unknown|an open (?:question|problem)"
    r"|not (?:well |yet )?(?:clear|known|understood))\b",
)
"""A question that has no question mark, or that nobody has answered yet."""
_LISTS = re.compile(r"(?:^|[\s(])\(?(?:1|i|a)\)\s")
_LISTS_ON = re.compile(r"[\s(]\(?(?:2|ii|b)\)\s")
"""The first and the second of things that are listed in a sentence, or over several."""
_OFFERS = _pattern(
    r"(?:(?:\w+ly|finally|lastly), )?(?:we|i) (?:(?:also|further|therefore|thus) )?"
    r"(?:hope|expect|believe|anticipate|plan|intend|wish)\b"
    r"|(?:[\w/-]+,? ){1,8}?(?:is|are|will be|can be|has been|have been)"
    r" (?:(?:made|be|now|\w+ly) ){0,3}(?:available|released|open[- ]?sourced|accessible|found)"
    r" (?:at|on|from|via|here|in|under|online|https?:|upon)\b",
)
"""What its authors hope for, and where things are: nothing that they did or found."""


def trim(sentence: str, context: str = "") -> str:
    """Return the sentence without what only leads up to it, and without asides that say no more.

    A capital for the first letter is all that is changed. A name in brackets that the sentence or
    its `context` uses is kept, and so is an opening clause that names what the rest refers to.

    >>> trim("In this paper, inspired by bees, we propose a hive (HIVE) of small models for all.")
    'We propose a hive of small models for all.'
    """
    text = sentence
    for pattern in (_LABEL, _OPENING, _BACK_CLAUSE, _OPENING, _CLAUSE, _OPENING):
        rest = _without_opening(text, pattern)
        is_enough = len(rest.split()) >= ENOUGH_WORDS or refers_back(text)
        if pattern is not _CLAUSE or (is_enough and not refers_back(rest)):
            text = rest
    return _without_asides(text, context)


def _without_opening(text: str, pattern: re.Pattern[str]) -> str:
    """Return the text without the opening, unless what remains cannot begin a sentence."""
    opening = pattern.match(text)
    rest = text[opening.end() :] if opening else ""
    if not rest.strip():
        return text
    if rest[0].isupper() or not rest[0].islower():
        return rest
    word = _FIRST_WORD.match(rest)
    if word is None or not word[0].islower():
        return text  # `n-gram`, `iPhone`: a capital would make another word of it
    return rest[0].upper() + rest[1:]


def _without_asides(text: str, context: str) -> str:
    def kept(aside: re.Match[str]) -> str:
        name = aside[0].strip(" ()[]").removesuffix("s")
        is_used = text.count(name) > 1 or context.count(name) > 1
        return aside[0] if is_used else ""

    return _ASIDE.sub(kept, text) if "(" in text or "[" in text else text


def refers_back(sentence: str) -> bool:
    """Tell whether a sentence is about something, or leads on from it, that it does not name."""
    return _REFERS_BACK.match(sentence.lstrip("\"'“‘([")) is not None


def stands_alone(sentence: str) -> bool:
    """Tell whether a sentence says something that can be understood by itself.

    Questions, and sentences that only announce what follows or refer to what came before, do not.
    """
    asks = "?" in sentence or _ASKS.match(sentence)
    return not (asks or sentence.rstrip().endswith(":") or refers_back(sentence))


def begins_list(text: str) -> bool:
    """Tell whether a text has the first of several things, and the others come after it."""
    return _LISTS.search(text) is not None and _LISTS_ON.search(text) is None


def offers(sentence: str) -> bool:
    """Tell whether a sentence is about hopes or plans, or tells only where things are."""
    return _OFFERS.match(sentence) is not None
