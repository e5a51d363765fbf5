"""Collect: the day's papers, from the sources.

papers.py      collect_papers(): every source at once; keep what worked, report what did not
visits.py      visit_source(): one source, page by page, and how it went
lookup.py      look_up(): papers that somebody names by id
reader.py      parsing in processes, within limits of time and memory
confinement.py what runs there: a guard, and the limit of memory
answers.py     what a source is asked and answers: the types of all kinds
entries.py     the entries of a document, one by one, through the gate (`model.gate`)
kinds/         one file for each kind of source, and the table of them
services/      one file for each service that knows more of papers, and the table of them
http/          polite, safe HTTP, and files from disk
plain/         HTML and LaTeX → plain Unicode
identity/      when two sightings are one paper
"""
