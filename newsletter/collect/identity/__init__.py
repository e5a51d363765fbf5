"""Identity: when two sightings are one paper.

keys.py         what a paper is known by: arXiv id, DOI, OpenReview id, canonical URL
likeness.py     almost the same title by the same people
duplicates.py   one paper seen by several sources → one Paper
repositories.py links to code in a text
"""
