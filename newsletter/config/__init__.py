"""config/*.yaml → Config; every mistake has file:line:column and, where it can, "did you mean".

documents.py  YAML text → plain data that remembers where each value stood
diagnoses.py  text that is no YAML: where, and what to write
nodes.py      YAML nodes → plain data and places
environment.py where `${NAME}` is read from
values.py     the kinds of value: addresses, clocks, zones, secrets
shape.py      what all shapes have in common
shapes.py     what newsletter.yaml, topics.yaml and subscribers.yaml may hold, as pydantic models
delivery_shapes.py how mail leaves the machine
theme_shapes.py what a theme may hold
source_shapes.py what sources.yaml may hold
schemas.py    the JSON Schema of each file
mistakes.py   what is wrong, in a sentence with its place
sources.py    sources.yaml → Source
topics.py     topics.yaml → Topic
subscribers.py subscribers.yaml → Subscriber
themes.py     theme.yaml, and what newsletter.yaml changes of it
settings.py   Config: what the four files say
files.py      load_config(): the four files → Config
"""

from newsletter.config.files import load_config, sender_domain
from newsletter.config.schemas import schemas
from newsletter.config.settings import Config, Delivering
from newsletter.config.values import read_address

__all__ = ["Config", "Delivering", "load_config", "read_address", "schemas", "sender_domain"]
