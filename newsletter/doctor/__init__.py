"""Doctor: is this ready: checks that return what they found.

checks.py  check(): configuration, templates, libraries, local files of sources
terms.py   terms of topics.yaml that find nothing, or nearly everything; topics that nobody has
hooks.py   what keeps webhooks from working
sample.py  the invented day that checks, preview and demo show
examination.py examine(): everything that can be looked at, as diagnoses
examinee.py the newsletter that is examined
inside.py  what this machine knows by itself
outside.py what is asked of others
diagnoses.py what a diagnosis is
settings.py the configuration, size and spam score
dns/       SPF, DKIM, DMARC, MX, reverse names
mailserver.py connection, TLS, login, and what the server offers
roundtrip.py a test mail read back
site.py    the links that stand in mails
sources.py the health of sources
summaries.py the machine that may write sentences
upkeep.py  disk, backups, schedule
"""
