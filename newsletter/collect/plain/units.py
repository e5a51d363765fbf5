r"""Numbers with units, as LaTeX's siunitx package writes them: `\SI{5}{\kilo\metre\per\second}`."""

from __future__ import annotations

import re
from typing import Final

QUANTITIES: Final = frozenset(("SI", "si", "qty", "unit", "num", "ang"))
"""The package's commands that print numbers, units, or both."""
_UNITS = {
    "metre": "m", "meter": "m", "gram": "g", "kilogram": "kg", "second": "s", "ampere": "A",
    "kelvin": "K",
    "mole": "mol", "candela": "cd", "hertz": "Hz", "newton": "N", "pascal": "Pa", "joule": "J",
    "watt": "W", "coulomb": "C", "volt": "V", "farad": "F", "ohm": "Ω", "siemens": "S",
    "weber": "Wb", "tesla": "T", "henry": "H", "lumen": "lm", "lux": "lx", "becquerel": "Bq",
    "gray": "Gy", "sievert": "Sv", "katal": "kat", "radian": "rad", "steradian": "sr",
    "celsius": "°C", "degreeCelsius": "°C", "degree": "°", "arcminute": "′", "arcsecond": "″",
    "minute": "min", "hour": "h", "day": "d", "litre": "L", "liter": "L", "tonne": "t",
    "hectare": "ha", "bar": "bar", "barn": "b", "electronvolt": "eV", "dalton": "Da",
    "bel": "B", "decibel": "dB", "neper": "Np", "bit": "bit", "byte": "B", "percent": "%",
    "angstrom": "Å", "parsec": "pc", "astronomicalunit": "au", "nauticalmile": "M",
}  # fmt: skip
_PREFIXES = {
    "quecto": "q", "ronto": "r", "yocto": "y", "zepto": "z", "atto": "a", "femto": "f",
    "pico": "p", "nano": "n", "micro": "μ", "milli": "m", "centi": "c", "deci": "d", "deca": "da",
    "hecto": "h", "kilo": "k", "mega": "M", "giga": "G", "tera": "T", "peta": "P", "exa": "E",
    "zetta": "Z", "yotta": "Y", "ronna": "R", "quetta": "Q", "kibi": "Ki", "mebi": "Mi",
    "gibi": "Gi", "tebi": "Ti",
}  # fmt: skip
_POWERS = {"squared": "²", "cubed": "³"}
_AHEAD = {"square": "²", "cubic": "³"}
_TOKEN = re.compile(r"\\([A-Za-z]+)|\^\{?(-?\d+)\}?|([^\\\s{}~^]+)")
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def printed_unit(source: str) -> str:
    r"""Return a unit as it is printed: `\kilo\metre\per\second` → km/s.

    >>> printed_unit(r"\micro\second")
    'μs'
    """
    parts: list[str] = []
    prefix = power = ""
    divides = False
    for name, raised, plain in _TOKEN.findall(source):
        if raised and parts:
            parts[-1] += raised.translate(_RAISED)
        elif name in _POWERS and parts:
            parts[-1] += _POWERS[name]
        elif name in _PREFIXES:
            prefix = _PREFIXES[name]
        elif name in _AHEAD:
            power = _AHEAD[name]
        elif name == "per":
            divides = True
        elif unit := _UNITS.get(name, name or plain.replace(".", "·")):
            parts.append(("/" if divides else "·" if parts else "") + prefix + unit + power)
            prefix = power = ""
            divides = False
    printed = "".join(parts)
    return f"1{printed}" if printed.startswith("/") else printed


def quantity(number: str, unit: str) -> str:
    """Return a number with its unit, and a space between them where print has one."""
    number = number.strip().replace(";", "°", 1) if unit == "°" else number.strip()
    number = re.sub(r"(?<=\d)[eE](-?\d+)", lambda ten: "×10" + ten[1].translate(_RAISED), number)
    if not number or not unit:
        return number + unit
    return number + unit if unit[0] in "°′″/" and unit != "°C" else f"{number} {unit}"
