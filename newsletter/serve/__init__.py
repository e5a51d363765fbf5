"""Serve: pages for subscribers and editors.

previews.py  an issue before it goes out: phone, tablet, desktop, dark, text
"""

from newsletter.serve.previews import Preview, preview_app

__all__ = ["Preview", "preview_app"]
