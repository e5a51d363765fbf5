"""Who wrote a mail that came back: a mail server, or a person or their answering machine."""

from __future__ import annotations

import re

from newsletter.suppress.reports import (
    STATUSES,
    MessagePart,
    addresses,
    decoded,
    tells_as_json,
    text_of,
)
from newsletter.suppress.transcripts import ROLES

_DAEMON = re.compile(
    r"^(?:mailer-?daemon|post[-_]?(?:master|office)|mail-?daemon|mdaemon|mail-?admin(?:istrator)?"
    r"|mail[._-]?delivery[._-]?(?:sub)?system|microsoftexchange[0-9a-f]{32})(?![a-z0-9])",
    re.IGNORECASE,
)
_TITLE = re.compile(
    r"mail(?:er)?[ -]?daemon|mail deliver(?:y|er)?(?: (?:sub)?system| service| agent|$)"
    r"|mail administrator|post ?master(?: at .*)?$|delivery (?:sub)?system",
    re.IGNORECASE,
)
_RETURNED = re.compile(
    r"^\W*(?:un-?deliver|returned (?:mail|to sender)|delivery (?:fail|status|notif)"
    r"|failure notice|(?:e-?mail|message)( delivery)? (?:fail|could not be|not) ?"
    r"|mail (?:system )?error|mail (?:delivery )?(?:fail|could not be|not) ?"
    r"|could not (?:be )?deliver|non-?deliver|bounced?\b|unzustellbar|non remis|no entregado)",
    re.IGNORECASE,
)
"""Subjects of the reports that mail servers write."""
_AWAY = re.compile(
    r"out of (?:the )?office|automatic reply|auto(?:matic)?[- ]?(?:reply|response)|vacation"
    r"|on leave|abwesen|absence|away from|fuori (?:sede|ufficio)|fuera de (?:la )?oficina"
    r"|ausencia|afwezig|frånvaro|nieobecn|不在|休暇|부재|автоответ"
    r"|(?:automat\w*|otomatik|автоматич\w*) (?:antwort|antwoord|svar|yanıt|ответ|відпов)"
    r"|(?:r[eé]ponse|respuesta|risposta|resposta|odpowied[zź]|odpověď|vastaus) automat"
    r"|(?:r[eé]ponse|respuesta|risposta|resposta) autom[aá]tic|autosvar|automaattinen vastaus"
    r"|自[动動](?:返信|回[复覆復]|答[复覆])|자동 ?(?:회신|응답|답장)",
    re.IGNORECASE,
)


def is_report(parts: list[MessagePart]) -> bool:
    """Return whether a message has fields that only a mail server's report has (RFC 3464)."""
    message = parts[0]
    told = message.get("content-type").lower()
    if told.startswith("multipart/report") and "delivery-status" in told:
        return True
    own = [part for part in parts if not part.is_copied]
    return any(part.kind in STATUSES or tells_as_json(text_of(part)) for part in own)


def is_daemon(parts: list[MessagePart]) -> bool:
    """Return whether a message claims to be from a mail server, or a service in its place."""
    message = parts[0]
    if message.get("x-failed-recipients") or is_report(parts):
        return True
    senders = [decoded(value) for name in ("from", "sender") for value in message.all(name)]
    if any(_DAEMON.match(address) for address in addresses(senders)):
        return True
    titles = [sender.partition("<")[0].strip(' "') for sender in senders]
    if any(_TITLE.match(title) for title in titles):
        return True
    if _is_marked(message) or not is_unanswerable(message):
        return False
    return bool(_RETURNED.match(_subject(message)))


def is_unanswerable(message: MessagePart) -> bool:
    """Return whether a message has the null return path that reports have (RFC 5321, 4.5.5)."""
    return message.get("return-path").replace(" ", "") == "<>"


def is_answer(parts: list[MessagePart]) -> bool:
    """Return whether this is an answer by a person or a machine (RFC 3834), not a report."""
    message = parts[0]
    if any(part.kind == "message/disposition-notification" for part in parts):
        return True
    if message.get("x-failed-recipients") or is_report(parts):
        return False  # Exim marks its reports as answers
    marked = _is_marked(message)
    by_daemon, is_null = is_daemon(parts), is_unanswerable(message)
    if by_daemon:
        return marked and not is_null and bool(message.get("return-path"))
    by_person = bool(message.get("from")) and not is_null
    return marked or by_person or bool(_AWAY.search(_subject(message)))


def _is_marked(message: MessagePart) -> bool:
    """Return whether a message says that a machine answered (RFC 3834, 5)."""
    return message.get("auto-submitted").lower().startswith("auto-replied") or any(
        message.get(name) for name in ("x-autoreply", "x-autorespond", "x-auto-reply-from")
    )


def sender_of(message: MessagePart) -> str:
    """Return the address of a message's author, or nothing."""
    return next(
        (address for address in addresses(message.all("from")) if not ROLES.match(address)), ""
    )


def _subject(message: MessagePart) -> str:
    return decoded(message.get("subject")).strip()
