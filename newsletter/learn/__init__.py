"""Learn: what topics and readers like.

tastes.py     marks for the papers of a day, by the likes of a topic or reader
libraries.py  readers' library files → titles and abstracts
models.py     a reader's model: the chance that they keep a paper
spaces.py     papers as points in a space
embeddings.py sentence embeddings, by the model that newsletter.yaml names
encoders.py   transformers, computed with numpy
hub.py        models by their names on the hub
arrays.py     the types of the arrays they compute with
"""
