"""Plain: HTML and LaTeX → plain Unicode.

text.py    HTML and entities → plain Unicode
latex.py   LaTeX → plain Unicode
symbols.py LaTeX names and the characters that they print
"""
