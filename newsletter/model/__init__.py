"""The facts of the system as frozen plain data; every stage takes and returns these.

papers.py   papers, where they were seen, and discussions of them
sources.py  sources, what is remembered of them, and what a visit gave
picks.py    topics, scores and picks, with the reasons for them
subscribers.py who asked for the newsletter, and what they want of it
issues.py   issues, their editions, and deliveries of them
moves.py    the law of the ledger: from which state a delivery may go to which
leases.py   deliveries in the hands of a sender
verdicts.py what refusals of mail are about
gate.py     which texts, links, numbers and dates from outside may enter the model
faults.py   what went wrong with one thing while all others went on
"""

from newsletter.model.faults import Border, Fault, fault_of
from newsletter.model.issues import (
    LEFT,
    Delivery,
    DeliveryState,
    Edition,
    Issue,
    IssueState,
    IssueWindow,
    Outcome,
    Schedule,
    delivery_name,
)
from newsletter.model.leases import Claim, Fate, Settlement
from newsletter.model.moves import MOVES, OPEN, allowed, before
from newsletter.model.papers import Mention, Paper, Sighting
from newsletter.model.picks import (
    Match,
    Near,
    Part,
    Pick,
    Reason,
    ReasonKind,
    Score,
    Term,
    Topic,
)
from newsletter.model.sources import Enrichment, Health, Source, SourceReport, Validators, Visit
from newsletter.model.subscribers import (
    EVERYTHING,
    Audience,
    Origin,
    SignUp,
    Subscriber,
    SubscriberState,
    Subscription,
    Synchronised,
    Wishes,
)
from newsletter.model.verdicts import Verdict

__all__ = [
    "EVERYTHING",
    "LEFT",
    "MOVES",
    "OPEN",
    "Audience",
    "Border",
    "Claim",
    "Delivery",
    "DeliveryState",
    "Edition",
    "Enrichment",
    "Fate",
    "Fault",
    "Health",
    "Issue",
    "IssueState",
    "IssueWindow",
    "Match",
    "Mention",
    "Near",
    "Origin",
    "Outcome",
    "Paper",
    "Part",
    "Pick",
    "Reason",
    "ReasonKind",
    "Schedule",
    "Score",
    "Settlement",
    "Sighting",
    "SignUp",
    "Source",
    "SourceReport",
    "Subscriber",
    "SubscriberState",
    "Subscription",
    "Synchronised",
    "Term",
    "Topic",
    "Validators",
    "Verdict",
    "Visit",
    "Wishes",
    "allowed",
    "before",
    "delivery_name",
    "fault_of",
]
