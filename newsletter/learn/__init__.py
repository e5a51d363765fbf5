"""Learn: what topics and readers like.

tastes.py     marks for the papers of a day, by what somebody likes
libraries.py  library files that readers bring → titles and abstracts
spaces.py     papers as points in a space, and what is near a taste
embeddings.py sentence embeddings, where the extra is installed
"""
