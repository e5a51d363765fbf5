"""The filter language of topics.yaml: parsed once, matched for all topics and readers in one scan.

folding.py  texts as matching sees them: without case, accents, plurals, hyphens
language.py YAML → Match
queries.py  the one-line form: (dpo OR "preference optimization") AND cat:cs.CL NOT protein
matching.py does a Match hold for a paper, and by which terms
scanning.py Matcher: many Matches at once, by one Aho-Corasick automaton
"""
