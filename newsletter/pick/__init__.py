"""Pick: choose the highlights among the day's papers. Pure: no I/O, no clock, no randomness.

papers.py     pick_papers(): filter, score, explain
filters/      the YAML filter language: parse and match
signals.py    numbers in [0, 1] about one paper, each with a reason
trending.py   how much a paper is talked about for its age
rankers.py    weigh signals into a Score, with each signal's part
variety.py    choose(): limits per topic, no paper twice
misses.py     papers that just missed, and why
personal.py   choose_for(): what one reader gets by own words, likes and mutes
summaries.py  one sentence that tells what is new
sentences.py  which sentence of an abstract that is
"""
