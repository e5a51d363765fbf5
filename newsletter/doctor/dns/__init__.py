"""DNS of the sending domain: what receivers read in it, before they read the mail.

mailing.py   what the checks need to know of a newsletter
tags.py      lists of tags, as DKIM and DMARC write them
spf.py       SPF records: terms, and mistakes in them
walking.py   all that an SPF record leads to, counted as receivers do
judging.py   whether an address may send by an SPF record
senders.py   diagnoses on SPF and reverse names
keys.py      diagnoses on DKIM keys
policies.py  DMARC: whose policy holds, and where an organisation ends
dmarc.py     diagnoses on DMARC
alignment.py diagnoses on alignment with `From`
exchangers.py diagnoses on MX: whether mail can come back
domains.py   check_domains(): all of them
"""
