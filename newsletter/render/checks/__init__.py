"""Checks: lint of an Edition.

findings.py   what the linter finds
documents.py  a rendered edition as the linter reads it
features.py   which features it uses, and whether mail clients know them
contrast.py   contrast of text with its ground, light and dark
contents.py   links, pictures, headings, left-overs, both parts alike
lint.py       lint(): all of that, with the line that prints it
"""
