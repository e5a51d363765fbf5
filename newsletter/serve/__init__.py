"""Serve: pages for subscribers and editors.

previews.py  an issue before it goes out: widths, modes, parts, scores, checks
pages/       the HTML, style and script of these pages (data, no code)
"""
