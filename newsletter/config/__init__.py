"""config/*.yaml → Config; every mistake has file:line:column and, where it can, "did you mean".

documents.py  YAML text → plain data that remembers where each value stood
values.py     the kinds of value: addresses, clocks, zones, secrets
shapes.py     what each file may hold, as pydantic models; their JSON Schemas
mistakes.py   what is wrong, in a sentence with its place
files.py      load_config(): the four files → Config
"""

from newsletter.config.files import Config, Delivering, load_config
from newsletter.config.shapes import schemas

__all__ = ["Config", "Delivering", "load_config", "schemas"]
