"""Many equal mistakes are one, with a count."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import write_newsletter

from newsletter.config.files import load_config
from newsletter.config.gathering import FEW, gathered
from newsletter.config.subscribers import read_list
from newsletter.errors import ConfigError


def test_a_long_list_with_one_wrong_key_says_it_once(tmp_path: Path, root: Path) -> None:
    """With the first place whole, and the next lines; what is different is told as well."""
    people = "".join(f"  - {{email: r{n}@readers.example, topic: a}}\n" for n in range(3_000))
    write_newsletter(tmp_path, root, subscribers=f"subscribers:\n{people}  - {{email: x}}\n")
    file = tmp_path / "config" / "subscribers.yaml"

    with pytest.raises(ConfigError) as caught:
        read_list(tmp_path / "config", (), {})

    first, other = caught.value.problems
    assert first == (
        f"{file}:2:33: unknown key `topic`; did you mean `topics`? (and 2,999 more like it: line "
        "3, 4, 5, 6, …)"
    )
    assert other.startswith(f"{file}:3002:13: ")


def test_an_unknown_topic_is_told_once(tmp_path: Path, root: Path) -> None:
    """Also beside mistakes of other files."""
    people = "".join(f"  - {{email: r{n}@readers.example, topics: [agnts]}}\n" for n in range(9))
    write_newsletter(tmp_path, root, subscribers=f"subscribers:\n{people}", newsletter="name: x\n")

    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "config", {})

    assert len(caught.value.problems) == 2
    assert "(and 8 more like it: line 3, 4, 5, 6, …)" in caught.value.problems[1]


def test_few_are_all_told() -> None:
    """Three places are read faster than a count."""
    told = tuple(f"x.yaml:{line}:1: `a` is missing" for line in range(1, FEW + 1))

    assert gathered((*told, *told)) == told
    assert gathered(("no place", *told, "x.yaml:9:1: `a.3.b` no", "y.yaml:1:1: `a` is missing")) == (
        "no place", *told, "x.yaml:9:1: `a.3.b` no", "y.yaml:1:1: `a` is missing",
    )  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 9), st.sampled_from("xy"))))
def test_no_mistake_is_lost(found: list[tuple[str, int, str]]) -> None:
    """The counts and the lines told are as many as there were."""
    problems = [f"{file}:{line}:1: {told}" for file, line, told in found]
    counted = sum(
        1 + int(told.partition("(and ")[2].partition(" ")[0] or 0) for told in gathered(problems)
    )

    assert counted == len(set(problems))
