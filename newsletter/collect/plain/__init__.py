"""Plain: HTML and LaTeX → plain Unicode.

text.py    HTML and entities → plain Unicode
latex.py   LaTeX → plain Unicode
symbols.py names of LaTeX, and the characters they print
"""
