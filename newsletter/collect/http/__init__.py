"""HTTP: polite to servers, safe from what they send.

fetcher.py     documents over HTTP, within limits
connections.py no private addresses, checked when connecting
responses.py   what a response says beside its document
addresses.py   addresses of sources, shown without what is secret in them
files.py       documents from disk
"""
