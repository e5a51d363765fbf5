"""Pick: choose the highlights among the day's papers. Pure: no I/O, no clock, no randomness.

papers.py     pick_papers(): filter, score, explain
filters/      the YAML filter language: parse and match
signals.py    numbers in [0, 1] about one paper, each with a reason
trending.py   how much a paper is talked about for its age
rankers.py    weigh signals into a Score, with each signal's part
variety.py    choose(): limits per topic, no paper twice
misses.py     papers that just missed, and why
changes.py    what an edit changes in an edition
personal.py   choose_for(): what one reader gets by own words, likes and mutes
summaries.py  the sentence that tells what is new, and what adds to it
sentences.py  where sentences begin and end
telling.py    which sentence of an abstract tells what is new
trimming.py   what only leads up to it, and whether a sentence stands alone
"""
