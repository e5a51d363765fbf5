"""Services that know more about a paper than its source said.

enrichment.py enrich_papers(): ask the services within a time limit
table.py      ENRICHERS: how each service is asked and read
crossref.py   venue and citations of a DOI
github.py     stars of a repository
"""
