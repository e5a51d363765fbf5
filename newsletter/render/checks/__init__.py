"""Checks: lint of an Edition.

findings.py   what the linter finds
documents.py  a rendered edition, parsed for the linter
features.py   which features the edition uses, and which mail clients support them
contrast.py   contrast of text with its background, in light and dark mode
styles.py     what clients drop of style sheets, and what goes with it
contents.py   links, pictures, headings, left-over template code; HTML and text part agree
lint.py       lint(): all of these checks, with the template line of each finding
"""
