"""HTTP: polite to servers, safe against what they send.

fetcher.py     fetch documents over HTTP, within limits
connections.py no connection to private addresses, checked when connecting
responses.py   what a response's status and headers say
addresses.py   addresses of sources, without their secrets
files.py       documents from disk, and gzip around documents
failures.py    one line for one cause
"""
