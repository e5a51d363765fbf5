"""Collect: the day's papers, from the sources.

papers.py      collect_papers(): every source at once; keep what worked, report what did not
visits.py      visit_source(): one source, page by page, and how the visit went
finding.py     find_sources(): what an address leads to
lookup.py      look_up(): papers by their arXiv ids
figures.py     copy_figures(): pictures of papers, copied once
pictures.py    one picture: decoded, made smaller, written anew
reader.py      parsing in separate processes, within limits of time and memory
confinement.py what runs in such a process: the parser, guarded, with a limit of memory
answers.py     what a source is asked and what it answers: the types that all kinds share
entries.py     the entries of a document, one by one, through the gate (`model.gate`)
kinds/         one file for each kind of source, and the table of kinds
withdrawals.py which papers have been taken back
services/      one file for each service that enriches papers, and the table of services
http/          polite, safe HTTP, and files from disk
plain/         HTML and LaTeX → plain Unicode
identity/      when two sightings are of the same paper
"""
