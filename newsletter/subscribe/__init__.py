"""Subscribe: people who come, change and go.

audience.py who gets what: a subscription as stages see it (pure)
lists.py    subscribers.yaml, followed by the store
imports.py  lists of other programs (CSV) → SignUp
"""

from newsletter.subscribe.audience import subscriber_of
from newsletter.subscribe.imports import Refused, read_csv
from newsletter.subscribe.lists import SubscriberFile

__all__ = ["Refused", "SubscriberFile", "read_csv", "subscriber_of"]
