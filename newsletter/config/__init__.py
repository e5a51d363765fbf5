"""config/*.yaml → settings; every mistake has file:line:column and, where it can, "did you mean".

documents.py  YAML text → plain data that remembers where each value stood
diagnoses.py  text that is no YAML: where, and what to write
nodes.py      YAML nodes → plain data and places
environment.py where `${NAME}` is read from
values.py     the kinds of value: addresses, clocks, zones, secrets
shape.py      what all shapes (pydantic models of a file or a part of one) have in common
mistakes.py   what is wrong, in a sentence with its place
settings.py   Config and its slices: Letter, Choice, Collecting, Delivering
newsletter.py newsletter.yaml → Letter, Choice, Schedule
themes.py     `theme:` and a theme's own theme.yaml → Theme
delivery.py   `delivery:` and `dkim:` → Delivering
sources.py    sources.yaml → Collecting
topics.py     topics.yaml → Topic
subscribers.py subscribers.yaml → SignUp
schemas.py    the JSON Schema of each file
files.py      load_config(): the files but for the list → Config
"""
