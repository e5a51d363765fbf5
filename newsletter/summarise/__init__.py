"""Summarise: a machine writes the sentence below a title, or translates it; off by default.

Papers are data, and what a machine answers is data, too: it may do whatever an abstract tells it.
So nothing depends on what it is told. What it answers passes the checks, or is not used.

questions.py  what a machine is asked about a paper, and the text that this is about
replies.py    what it answered → text and tokens
signs.py      signs that no sentence may have: links, markup, what cannot be seen
speech.py     to whom a text speaks: to the reader, of itself; and orders
numbers.py    the numbers in a text, however they are written
judging.py    judge(): whether a text is a sentence about its paper, and nothing else
writing.py    Writer: asks, within the budget, and stops when nobody answers
"""
