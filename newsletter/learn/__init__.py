"""Learn: what topics and readers like.

tastes.py     marks for the papers of a day, by the likes of a topic or reader
libraries.py  readers' library files → titles and abstracts
spaces.py     papers as points in a space, and how near they are to a taste
embeddings.py sentence embeddings, if the extra is installed
arrays.py     the types of the arrays they compute with
"""
