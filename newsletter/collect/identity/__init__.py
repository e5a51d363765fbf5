"""Identity: when two sightings are of the same paper.

keys.py         what identifies a paper: arXiv id, DOI, OpenReview id, canonical URL
likeness.py     almost the same title by the same authors
duplicates.py   one paper seen by several sources → one Paper
repositories.py links to code in a text
"""
