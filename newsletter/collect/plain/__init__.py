"""Plain: HTML and LaTeX → plain Unicode, and what texts say: dates, names, encodings.

text.py        HTML and entities → plain Unicode
latex.py       LaTeX → plain Unicode
punctuation.py quotation marks, dashes and raised numbers
symbols.py     LaTeX names and the characters that they print
markdown.py    links, emphasis and code of Markdown
units.py       numbers with units, as siunitx writes them
dates.py       dates as the world writes them → moments in UTC
clocks.py      the time and the zone of a date
zones.py       names of time zones
people.py      people's names, in lists of many styles
boilerplate.py what publishers put around every abstract
encodings.py   bytes in encodings that are not declared → UTF-8
"""
