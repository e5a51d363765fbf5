"""The facts of the system as frozen plain data; every stage takes and returns these.

papers.py   papers, where they were seen, and discussions of them
figures.py  copies of papers' pictures
sources.py  sources, what is remembered of them, and what a visit gave
sentences.py sentences that a machine writes about papers
picks.py    topics, scores and picks, with the reasons for them
subscribers.py who asked for the newsletter, and what they want of it
requests.py what people do on the site: mails they ask for, what they say about papers
issues.py   issues, their editions, and deliveries of them
hours.py    when it is a certain hour where a reader lives
moves.py    the law of the ledger: from which state a delivery may go to which
leases.py   deliveries in the hands of a sender
verdicts.py what refusals of mail are about
remarks.py what is said to a reader about what they typed
gate.py     which texts, links, numbers and dates from outside may enter the model
faults.py   what went wrong with one thing while all others went on
"""

from newsletter.model.faults import Border, Fault, fault_of
from newsletter.model.figures import Figure
from newsletter.model.issues import (
    LEFT,
    MADE_WHEN_SENT,
    Delivery,
    DeliveryState,
    Edition,
    Issue,
    IssueState,
    IssueWindow,
    KeptDraft,
    Later,
    LeftOut,
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
from newsletter.model.remarks import RefusedError, Remark, counted_remark, remark
from newsletter.model.requests import Feedback, FeedbackKind, Notice, NoticeKind, NoticeState
from newsletter.model.sentences import (
    Commission,
    Permit,
    Ration,
    Sentence,
    Spending,
    Wording,
)
from newsletter.model.sources import Enrichment, Health, Source, SourceReport, Validators, Visit
from newsletter.model.subscribers import (
    ANY_HOUR,
    ASKED,
    EVERYTHING,
    LINK,
    Audience,
    Cadence,
    Length,
    Origin,
    SignUp,
    Subscriber,
    SubscriberState,
    Subscription,
    Synchronised,
    Wishes,
    audience_of,
    topics_of,
)
from newsletter.model.verdicts import Verdict

__all__ = [
    "ANY_HOUR",
    "ASKED",
    "EVERYTHING",
    "LEFT",
    "LINK",
    "MADE_WHEN_SENT",
    "MOVES",
    "OPEN",
    "Audience",
    "Border",
    "Cadence",
    "Claim",
    "Commission",
    "Delivery",
    "DeliveryState",
    "Edition",
    "Enrichment",
    "Fate",
    "Fault",
    "Feedback",
    "FeedbackKind",
    "Figure",
    "Health",
    "Issue",
    "IssueState",
    "IssueWindow",
    "KeptDraft",
    "Later",
    "LeftOut",
    "Length",
    "Match",
    "Mention",
    "Near",
    "Notice",
    "NoticeKind",
    "NoticeState",
    "Origin",
    "Outcome",
    "Paper",
    "Part",
    "Permit",
    "Pick",
    "Ration",
    "Reason",
    "ReasonKind",
    "RefusedError",
    "Remark",
    "Schedule",
    "Score",
    "Sentence",
    "Settlement",
    "Sighting",
    "SignUp",
    "Source",
    "SourceReport",
    "Spending",
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
    "Wording",
    "allowed",
    "audience_of",
    "before",
    "counted_remark",
    "delivery_name",
    "fault_of",
    "remark",
    "topics_of",
]
