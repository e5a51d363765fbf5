"""British spellings of English words, as the Americans write them: behaviour, modelling, optimise.

Each rule names the words or the endings that it holds for; what it does not name stays as it is.
After Quirk et al., A Comprehensive Grammar of the English Language (1985), appendix III.
"""

from __future__ import annotations

import re

_WORDS = dict(
    pair.split(":")
    for pair in """
    grey:gray greys:grays greyscale:grayscale artefact:artifact artefacts:artifacts
    programme:program programmes:programs ageing:aging aluminium:aluminum centred:centered
    defence:defense defences:defenses offence:offense offences:offenses licence:license
    licences:licenses judgement:judgment judgements:judgments plough:plow mould:mold moulds:molds
    sceptic:skeptic sceptics:skeptics sceptical:skeptical scepticism:skepticism
    manoeuvre:maneuver manoeuvres:maneuvers manoeuvring:maneuvering oedema:edema foetus:fetus
    foetal:fetal diarrhoea:diarrhea
    """.split()
)
_IN_ISE = (
    "amort|analog|anonym|author|binar|canonical|capital|categor|central|character|commercial"
    "|compartmental|conceptual|contextual|crystall|custom|diagonal|digit|digital|discret|emphas"
    "|equal|external|factor|final|formal|functional|general|global|harmon|homogen|hybrid|hypothes"
    "|ideal|immun|individual|industrial|initial|internal|item|lemmat|linear|local|magnet"
    "|marginal|material|maxim|memor|minim|mobil|modern|modular|neutral|normal|optim|organ"
    "|orthogonal|oxid|parallel|parameter|parametr|penal|personal|polar|popular|priorit|quant"
    "|random|rational|real|recogn|regular|revolution|sensit|serial|special|stabil|standard|steril"
    "|summar|symbol|synchron|synthes|tensor|theor|token|util|vector|verbal|virtual|visual"
)
_IN_OUR = "behavi|col|endeav|fav|flav|harb|hon|hum|lab|neighb|od|rig|rum|sav|tum|vap|vig"
_AFTER_OUR = "(?:s|ed|ing|ings|al|ally|ist|less|ful|able|ably|hood|hoods|er|ers|ization)?"
_IN_LL = (
    "cancel|channel|dial|fuel|funnel|initial|label|level|marshal|marvel|model|panel|parcel|signal"
    "|spiral|total|travel|tunnel|unravel"
)
_RULES = tuple(
    (re.compile(pattern), american)
    for pattern, american in (
        (r"isation(s|al|ally)?$", r"ization\1"),
        (rf"({_IN_ISE})is(e|es|ed|er|ers|ing|able|ability)$", r"\1iz\2"),
        (r"(anal|catal|paral|electrol|hydrol|dial)ys(e|ed|ing|er|ers)$", r"\1yz\2"),
        (rf"({_IN_OUR})our(?={_AFTER_OUR}$)", r"\1or"),
        (rf"({_IN_LL})l(ed|ing|ings|er|ers)$", r"\1\2"),
        (r"(calib|cent|fib|lit|met|theat)re(s?)$", r"\1er\2"),
        (r"(anal|catal|dial|monol)ogue(s?)$", r"\1og\2"),
        (r"^sulph", "sulf"),
        (r"(an|isch|leuk|glyc|ur)aemi", r"\1emi"),
        (r"^(p)aedi|^(orthop)aedi", r"\1\2edi"),
        (r"^haem(?=.)", "hem"),
        (r"^oestro", "estro"),
    )
)
_MAY = re.compile(r"is[eia]|our|ll(?:ed|ing|er)|re[sd]?$|ogue|ys[ei]|ulph|aem|aed|oestr")
"""What a word has that a rule is about: looking for it is quick."""


def american(word: str) -> str:
    """Return a word in lower case as it is written in America.

    >>> [american(word) for word in ("behavioural", "modelling", "optimisation", "noise", "hour")]
    ['behavioral', 'modeling', 'optimization', 'noise', 'hour']
    """
    if known := _WORDS.get(word):
        return known
    if _MAY.search(word):
        for pattern, spelling in _RULES:
            word = pattern.sub(spelling, word)
    return word
