"""Services that know more of a paper than its source said.

enrichment.py enrich_papers(): ask them within a time limit
table.py      ENRICHERS: how each service is asked and read
crossref.py   venue and citations of a DOI
github.py     stars of a repository
"""
