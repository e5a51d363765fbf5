"""Day: one issue, from settings and stages.

steps.py      run(): collect, draft, render, plan, send, on one page
given.py      what the steps are given of the world
intake.py     what becomes of the papers that sources show
drafts.py     make_draft(): all that an issue would be, before it is planned
selections.py what one reader gets of the day's picks
borders.py    the few papers that a step fails on, found and left out
explaining.py why one paper is in a mail, or not
letters.py    what editions and messages say about the newsletter and its reader
rendering.py  render(): editions written to the outbox, and on their way to be planned
proofs.py     the checks on an issue before anybody gets it
planning.py   editions written down until the issue is planned
mailroom.py   messages for a batch of deliveries
results.py    what the steps have done
"""
