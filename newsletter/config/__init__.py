"""config/*.yaml → settings; each mistake has file:line:column and, if possible, "did you mean".

documents.py  YAML text → plain data that remembers where each value was written
diagnoses.py  text that is not YAML: where it goes wrong, and what to write instead
nodes.py      YAML nodes → plain data and places
environment.py where `${NAME}` is read from
values.py     the kinds of value: addresses, clocks, zones, secrets
shape.py      what all shapes (pydantic models of a file or a part of one) share
mistakes.py   what is wrong, in a sentence with its place
gathering.py  equal mistakes are one, with a count
settings.py   Config and its slices: Letter, Choice, Collecting, Delivering
newsletter.py newsletter.yaml → Letter, Choice, Schedule
themes.py     `theme:` and a theme's own theme.yaml → Theme
keeping.py    `keep:`: how many days things are kept
serving.py    `serve:`: the proxies in front of the site, and its editors
summaries.py  `summaries:`: the machine that may write sentences
delivery.py   `delivery:` and `dkim:` → Delivering
sources.py    sources.yaml → Collecting
topics.py     topics.yaml → Topic
subscribers.py subscribers.yaml → SignUp
editing.py    entries added to sources.yaml, or taken out
texts.py      the files as texts, for an editor
schemas.py    the JSON Schema of each file
variables.py  which variables a configuration asks for
files.py      load_config(): all files except subscribers.yaml → Config
"""
