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
    r"(?:(?!prior|previous|existing|earlier|recent|related)[\w-]+ )?(?:paper|work|article|study|survey"
    r"|review|report|manuscript|contribution|thesis|dissertation|letter|note|chapter|tutorial|book"
    r"|essay|perspective|research|talk|proposal|issue)\b"
)
"""What follows `this` where it means the text itself."""
_LABEL = _pattern(
    r"(?:\((?:\d|[ivx]{1,4}|[a-h])\)|\d[.)]|[•▪–*-])\s+"
    r"|(?:abstract|background|context|introduction|motivations?|objectives?|aims?|purpose|problem"
    r"|methods?|methodology|approach|results?|findings|main results?|principal findings|conclusions?"
    r"|discussion|significance|summary|tl;dr|contributions?)(?:/\w+)?\s?[:.—]\s+",
)
_OPENING = _pattern(
    rf"(?:(?:in|with|through) (?:this|the present) {_SELF}|(?:to|for|towards?) (?:this|that) "
    r"(?:end|aim|goal|purpose|reason))(?:,\s*|\s+(?=we\b))"
    r"|(?:more |most )?(?:specifically|concretely|precisely|importantly|notably|remarkably|crucially"
    r"|interestingly|surprisingly|accordingly|consequently|additionally|furthermore|moreover|finally"
    r"|lastly|firstly|secondly|thirdly|nevertheless|nonetheless|overall|however|therefore|hence|thus"
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
    r"(?=[^,;:()]*\b(?:this|these|those|it|them|they|such|so|above)\b)[^,;:()]{1,120}(?:,\s+|\s+(?=we\b))",
)
"""An opening clause that leads from what was said before to what follows."""
_CLAUSE = _pattern(
    r"(?!(?:if|when|whenever|where|under|for|assuming|assume|unless|without|only|except|provided"
    r"|suppose|on|at|as long)\b)[^,;:]{3,100}, (?:and )?(?:(?:in|with) this "
    rf"{_SELF},? )?(?=(?:we|this (?:paper|work)) \w)",
)
"""An opening clause before `we`. A condition is part of what is said, and stays."""
_ASIDE = re.compile(
    r"\s+[(\[](?:[A-Z][\w.&/+-]*[A-Z][\w.&/+-]*s?|(?:e\.g|i\.e|cf|see|such as|for example)\b[^()\[\]]*"
    r"|[^()\[\]]*\b(?:19|20)\d\d[a-z]?|https?:[^()\[\]\s]*)[)\]](?=[\s.,;:!?]|$)"
)
"""A name in short, an example, a source, an address in brackets that are a word of their own.

`O(n)`, `(V)LM` and `key(s)` are words; `(almost)` and `(not)` change what is said."""
_FIRST_WORD = re.compile(r"[^\W\d_]{2,}(?![\w'’])|[^\W\d_](?=\s)")

_ADJECTIVE = (
    r"(?:well |widely |commonly |generally |often |also |not )*(?:known|shown|found|argued|believed"
    r"|possible|impossible|important|crucial|essential|necessary|difficult|hard|harder|easy|easier"
    r"|challenging|clear|unclear|common|natural|desirable|demonstrated|proved|proven|concluded"
    r"|suggested|observed|expected|feasible|useful|beneficial|critical|vital|imperative|likely)\b"
)
_EMPTY_IT = rf"it (?:(?:is|was|has been|remains|becomes|seems|can be|turns out) )?(?:{_ADJECTIVE}|that\b)"
_BACK: Final = (
    rf"(?!this {_SELF}|{_EMPTY_IT}|those (?:of|who|that|which|with|in)\b)"
    r"(?:this|these|those|it|them|they)\b"
)
_KINDS: Final = (
    r"(?:method|approach|model|framework|algorithm|system|technique|architecture|result|finding"
    r"|experiment|evaluation|analysis|dataset|data set|corpus|benchmark|pipeline|strategy|procedure"
    r"|network|scheme|solution|tool|toolkit|code|idea|insight|problem|task|former|latter|difference"
    r"|effect|improvement|gap|challenge|issue|limitation|others?|same|above|resulting|proposed"
    r"|aforementioned)"
)
_REFERS_BACK = _pattern(
    # It is about something that was named before: `This`, `It`, `The proposed method`.
    rf"{_BACK}|(?:[2-9]|ii+|iv|vi*|[b-h])[.)] |(?:such(?! (?:as|that)\b)|that|its|their|he|she|his|her|another|otherwise|similarly|likewise|conversely"
    r"|indeed|namely|rather|alternatively|in turn|as such|in other words|that is|for example"
    r"|for instance|in fact|on the contrary|in comparison|vice versa|(?:and|but|or|nor|yet|so) (?!on ))\b"
    r"|both\b(?!(?: [\w-]+){1,8} and\b)"
    r"|(?:here|however|therefore|thus|hence|moreover|furthermore|additionally|also|then|next|first"
    r"|second|third|finally|firstly|secondly|thirdly|lastly|instead|besides|meanwhile|further"
    r"|in addition|in contrast|in particular|specifically|consequently|accordingly|nevertheless"
    r"|nonetheless|as a result),"
    r"|(?:all|some|most|many|none|each|one|two|three|any|several) (?:of )?(?:this|these|those|them|such)\b"
    r"|(?:the|all|each|our) (?:[\w-]+ ){0,1}?(?:former|latter|same|above|resulting|aforementioned"
    r"|proposed|other|others)\b"
    rf"|(?!(?:we|i|our) )(?:[\w-]+,? ){{1,3}}(?:this (?!{_SELF})|these |such (?!as\b)|it,)"
    r"|(?:hence|thus|then|therefore)\b|we (?:[\w-]+ ){1,2}that such\b"
    rf"|the (?:(?:novel|new|final|overall|full|main|key|core|central|empirical|experimental|numerical"
    rf"|theoretical|first|second|third|underlying|learned|trained) )?{_KINDS}(?:s|es)?(?:,"
    r"| (?:also |then |further |thus |not )?(?:is|are|was|were|has|have|had|can|could|may|might|will|do"
    r"|does|shows?|suggest|demonstrate|indicate|provide|reveal|confirm|highlight|imply|support|prove|[a-z]+(?<![aiu])s|[a-z]{3,}ed)\b)"
    # It opens with what leads on from there: `In these settings, …`.
    r"|(?:in|on|under|with|within|at|for|from|by|through|via|across|as|to|using|given|while|when|since"
    r"|because|although|though|once|if|based|after|before|during|among|despite|unlike|beyond|towards?"
    r"|[a-z]+ing|motivated|inspired)\b[^,;:()]{0,100}?\b"
    rf"(?:this (?!{_SELF})|these |those (?!of|who|that|which|with|in\b))[^,;:()]{{1,80}},"
    # It says what is done with it: `We use this difference`, `Our method does so`.
    rf"|(?:we|i|our(?: [\w-]+){{1,2}}|(?:[\w-]+ )?(?:results?|experiments|evaluations|findings)|one)(?: \w+){{1,3}}?"
    r"(?: (?:that|how|why|whether|if|to|by|on|of|for|in|with|through|via|using|from|all|both|and|also)){0,2} "
    rf"(?:{_BACK}|so (?:by|via|through|with|using|while|without)\b)",
)


def trim(sentence: str) -> str:
    """Return the sentence without what only leads up to it, and without asides that say no more.

    A capital for the first letter is all that is changed. An aside that the sentence needs later
    is kept, and so is an opening clause that names what the rest refers to.

    >>> trim("In this paper, inspired by bees, we propose a hive (HIVE) of small models for all.")
    'We propose a hive of small models for all.'
    """
    text = sentence
    for pattern in (_LABEL, _OPENING, _BACK_CLAUSE, _OPENING, _CLAUSE, _OPENING):
        rest = _without_opening(text, pattern)
        is_enough = len(rest.split()) >= ENOUGH_WORDS or refers_back(text)
        if pattern is not _CLAUSE or (is_enough and not refers_back(rest)):
            text = rest
    return _without_asides(text)


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


def _without_asides(text: str) -> str:
    def kept(aside: re.Match[str]) -> str:
        name = aside[0].strip(" ()[]").removesuffix("s")
        is_used = text.count(name) > 1
        return aside[0] if is_used else ""

    return _ASIDE.sub(kept, text) if "(" in text or "[" in text else text


def refers_back(sentence: str) -> bool:
    """Tell whether a sentence is about something, or leads on from it, that it does not name."""
    return _REFERS_BACK.match(sentence.lstrip("\"'“‘([")) is not None


def stands_alone(sentence: str) -> bool:
    """Tell whether a sentence says something that can be understood by itself.

    Questions, and sentences that only announce what follows or refer to what came before, do not.
    """
    return not ("?" in sentence or sentence.rstrip().endswith(":") or refers_back(sentence))
