"""To whom a text speaks: to the reader, of itself, as if the authors spoke; and orders.

A summary tells of a paper: nobody speaks in it, and to nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from newsletter.render.languages import primary
from newsletter.summarise.signs import as_seen


def _any(words: str) -> str:
    """Return an expression for any of `words`; in phrases, `_` stands for spaces."""
    return "|".join(word.replace("_", r"\s+") for word in words.split())


_YOU: Final = {
    "en": "you your yours yourself ya",
    "de": "du dein deine deinen deinem deiner dich dir euch euer eure",
    "fr": "vous votre vos tu toi ton tes",
    "es": "usted ustedes tú tu tus vosotros",
    "it": "tu tuo tua tuoi vi vostro vostra voi",
    "pt": "você vocês teu tua",
    "nl": "je jij jouw jullie uw",
}
_ME: Final = {
    "en": "me my mine im",
    "de": "ich mich mir mein meine",
    "fr": "je moi mon",
    "es": "yo mi",
    "it": "io mio mia",
    "pt": "eu meu minha",
    "nl": "ik mij mijn",
}
_US: Final = {
    "en": "we our ours us ourselves",
    "de": "wir unser unsere unseren unserem unserer uns",
    "fr": "nous notre nos",
    "es": "nosotros nuestro nuestra nuestros nuestras",
    "it": "noi nostro nostra nostri nostre",
    "pt": "nós nosso nossa nossos nossas",
    "nl": "wij we ons onze",
}
_BEFORE: Final = _any(
    "please bitte veuillez por_favor just simply now then and or to must should can"
)
_ORDERS: Final = _any(
    "click visit subscribe unsubscribe buy purchase order download install reply send contact call"
    " sign log login verify confirm register donate pay claim win enter scan share retweet forward"
    " dial text whatsapp e-?mail go open act join get ignore disregard forget klicken? besuchen?"
    " rufen? kaufen? melden? schreiben? senden? schicken? öffnen? cliquez visitez appelez écrivez"
    " envoyez achetez haga visite llame escriba envíe compre clicca visita chiama scrivi acquista"
    " clique ligue acesse klik bezoek bel"
)
_OBJECTS: Final = _any(
    "here now on to us the this it our my in up out at for your a an all any previous hier ici aquí"
    " sur auf unter uns sie mich euch with today before immediately notre nos le la el il o de het"
)
_CALL = re.compile(
    # An order stands where a sentence or a clause begins, or after a request.
    rf"(?:^|[.!?:;,–—-]\s+|\b(?:{_BEFORE})\s+)(?:{_ORDERS})\b(?=\s+(?:{_OBJECTS})\b|\s*[.!]?$)",
    re.IGNORECASE,
)
_MODALS: Final = _any(
    "should must can need have may who are_asked are_advised are_urged are_invited are_required"
)
_ADDRESSED = re.compile(
    rf"\b(?:readers?|subscribers?|recipients?|everyone|anyone|people)\s+(?:{_MODALS})\b"
    r"|\bthis\s+(?:e-?mail|mail|message|newsletter|issue|link|site|page|website)\b"
    r"|\b(?:the|our|their|its)\s+(?:web\s?site|web\s?page|home\s?page|hotline|help\s?desk"
    r"|support\s+(?:team|line|desk))\b",
    re.IGNORECASE,
)
_THEFTS: Final = _any(
    r"passwords? passcodes? gift\s?cards? coupons? vouchers? promo(?:tion)?\s?codes? discounts?"
    r" bitcoins? wallets? invoices? refunds? prizes? lottery winners? credit_cards? bank_accounts?"
    r" accounts?_(?:is|has|was|will|are) suspended compromised hacked security_alert urgent warning"
    r" alert limited_time for_free support_number customer_(?:service|support) passwort gutschein"
    r" gewinn mot_de_passe contraseña the_(?:prompt|instructions?) system_prompts?"
)
_FRAUDS = re.compile(rf"\b(?:{_THEFTS})\b", re.IGNORECASE)
"""What frauds, and answers about the question, are about. Papers are about it, too: there the
abstract has these words."""
_REFUSALS: Final = _any(
    "as_an?_(?:ai|language_model|assistant) ai_(?:language_)?model,?_(?:i|cannot|can't)"
    " (?:cannot|can't|unable_to|won't|will_not)_(?:help|assist|comply|provide|summari[sz]e|fulfil+)"
    " sorry apologi[sz]e previous_instructions? your_instructions? this_prompt"
    " as_(?:requested|instructed) here_(?:is|are) here's sure certainly of_course tl;?dr summary:"
    " translation: output: answer:"
)
_MACHINE = re.compile(rf"\b(?:{_REFUSALS})(?=\W|$)", re.IGNORECASE)
_I = re.compile(r"(?<![\w(./-])I(?:'(?:m|ve|d|ll))?(?=\s+[a-z])")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")


def calls(text: str, language: str, source: str, *, by_authors: bool) -> Iterator[str]:
    """Yield by what a text speaks to its reader, of itself, or as if the authors spoke.

    `source` is the title and the abstract. In a translation of what they say themselves authors
    speak (`by_authors`).
    """
    seen, known = as_seen(text).replace("’", "'"), as_seen(source)
    words = {re.split("['’]", word)[0] for word in _WORD.findall(text.lower())}
    main = primary(language)
    if words & _of(_YOU, main):
        yield "it speaks to the reader"
    if words & _of(_ME, main) or _I.search(seen) or _MACHINE.search(seen):
        yield "it speaks of itself, or of what it was asked"
    if not by_authors and words & _of(_US, main):
        yield "it speaks as if the authors spoke"
    if _CALL.search(seen) or _ADDRESSED.search(seen):
        yield "it tells the reader to do something"
    theirs = {found[0].lower() for found in _FRAUDS.finditer(known)}
    if any(found[0].lower() not in theirs for found in _FRAUDS.finditer(seen)):
        yield "it has words of frauds, or of prompts, that the abstract does not have"


def speaks_as_authors(told: str, language: str) -> bool:
    """Tell whether authors speak in a sentence: `we`, or the like in its language."""
    words = {re.split("['’]", word)[0] for word in _WORD.findall(told.lower())}
    return bool(words & _of(_US, language))


def _of(table: dict[str, str], language: str) -> frozenset[str]:
    return frozenset(table.get(language, "").split())
