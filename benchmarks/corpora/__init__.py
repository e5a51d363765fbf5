"""Real documents, for benchmarks and for the tests that have a folder of them.

papers.py       papers by the thousand
documents.py    which document is of which kind, and the texts of papers in them
expectations.py what feedparser's own corpus says of its documents
"""
