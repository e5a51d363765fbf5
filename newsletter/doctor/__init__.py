"""Doctor: is this ready: checks that return what they found.

checks.py  check(): configuration, templates, libraries, local files of sources
terms.py   terms of topics.yaml that find nothing, or nearly everything
hooks.py   what keeps webhooks from working
sample.py  the invented day that checks, preview and demo show
"""
