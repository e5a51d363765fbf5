"""Webhooks: what providers of mail tell over HTTP, proved theirs, as the events of mail.

table.py     PROVIDERS, and read_call(): one request → what is proved, or a refusal
calls.py     a request, what it proves, and why it is refused
values.py    JSON from outside, within limits
verdicts.py  what a provider says of a bounce → an event
ses.py       Amazon SES, by SNS: signed by a certificate of Amazon's
sns.py       the envelope of SNS: what is signed, and by whom
sendgrid.py  SendGrid: ECDSA over the time and the body
mailgun.py   Mailgun: HMAC over the time and a token
postmark.py  Postmark: a name and a password, over https
readers.py   which reader an event is about
"""
