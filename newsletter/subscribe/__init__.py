"""Subscribe: people who come, change and go.

audience.py who gets what: a subscription as stages see it (pure)
lists.py    subscribers.yaml, followed by the store
exports.py   subscribers → CSV
imports.py  lists of other programs (CSV) → SignUp
preferences.py what one may choose on the site: fields of a form → Wishes
"""
