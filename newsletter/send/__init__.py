"""Send: editions to mailboxes, never lost, never twice.

audience.py   plan_deliveries(): who gets which edition
ledger.py     the states of a delivery, their legal moves, the Ledger protocol
pace.py       when to try again, and when it is too late
smtp.py       a pool of SMTP connections
editions.py   send_editions(): claim, send, settle, until no delivery is open
"""

from newsletter.send.audience import plan_deliveries
from newsletter.send.editions import Sent, Transport, send_editions
from newsletter.send.ledger import MOVES, OPEN, Claim, Ledger
from newsletter.send.smtp import SmtpSettings, SmtpTransport

__all__ = [
    "MOVES",
    "OPEN",
    "Claim",
    "Ledger",
    "Sent",
    "SmtpSettings",
    "SmtpTransport",
    "Transport",
    "plan_deliveries",
    "send_editions",
]
