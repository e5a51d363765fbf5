"""Day: one issue, from settings and stages.

steps.py      run(): collect, pick, render, plan, send, on one page
intake.py     what becomes of the papers that sources show
borders.py    the few things that a step fails on, found and left out
selections.py what each reader gets of the day's picks
letters.py    what editions and messages say about the newsletter and its reader
proofs.py     the checks on an issue before anybody gets it
mailroom.py   messages for a batch of deliveries
results.py    what the steps have done
"""
