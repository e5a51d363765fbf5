"""The filter language of topics.yaml: parsed once, matched for all topics and readers in one scan.

letters.py  letters without case and accents, each script by its own rules
plurals.py  English singulars
dialects.py British spellings as American ones
particles.py Korean nouns without their particles
folding.py  texts and terms normalised for matching, with all of these
spellings.py a term's spellings: dataset, data set
language.py YAML → Match
queries.py  the one-line form: (dpo OR "preference optimization") AND cat:cs.CL NOT protein
matching.py whether a paper passes a Match, and by which terms
scanning.py Matcher: many Matches at once, with one Aho-Corasick automaton
"""
