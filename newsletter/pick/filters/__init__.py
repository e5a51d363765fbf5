"""The filter language of topics.yaml: parsed once, matched for all topics and readers in one scan.

folding.py  texts normalised for matching: without case, accents, plurals, hyphens
language.py YAML → Match
queries.py  the one-line form: (dpo OR "preference optimization") AND cat:cs.CL NOT protein
matching.py whether a paper passes a Match, and by which terms
scanning.py Matcher: many Matches at once, with one Aho-Corasick automaton
"""
