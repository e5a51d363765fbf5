"""Sources written into a file that a person has written, and taken out of it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.config import editing
from newsletter.config.documents import parse_document
from newsletter.config.editing import add_sources, as_entry, remove_source
from newsletter.errors import ConfigError, StoreError
from newsletter.files import writing
from newsletter.model import Source

NEW = as_entry(Source(name="New: one", kind="feed", location="https://new.example/feed"))
ARXIV = as_entry(Source(name="More", kind="arxiv", categories=("cs.RO", "stat.ML")))


def write(tmp_path: Path, text: str) -> Path:
    folder = tmp_path / "config"
    folder.mkdir(exist_ok=True)
    (folder / "sources.yaml").write_bytes(text.encode())
    return folder


def added(tmp_path: Path, text: str, *entries: dict[str, object]) -> str:
    folder = write(tmp_path, text)
    add_sources(folder, entries or [NEW], {})
    return (folder / "sources.yaml").read_bytes().decode()


def removed(tmp_path: Path, text: str, place: int) -> str:
    folder = write(tmp_path, text)
    remove_source(folder, place, {})
    return (folder / "sources.yaml").read_bytes().decode()


def test_the_starter_gets_an_entry_and_nothing_else_changes(tmp_path: Path, root: Path) -> None:
    """Its remarks, quotes and order stay; the new entry stands before the remark at the end."""
    text = (root / "config" / "sources.yaml").read_text("utf-8")
    made = added(tmp_path, text, NEW, ARXIV)

    new = "\n  - name: 'New: one'\n    kind: feed\n    url: https://new.example/feed\n"
    more = "\n  - name: More\n    kind: arxiv\n    categories: [cs.RO, stat.ML]\n"
    assert made.replace(new + more, "") == text
    assert "one-sentence summaries\n" + new in made


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("last", ["", "\n"])
@pytest.mark.parametrize(
    "text",
    [
        "sources:\n- name: A   # first\n  url:   'https://a.example/x'",
        "timeout: 3\nsources:\n    - {name: A, url: https://a.example/x}\n    - name: B\n      kind: huggingface\n\n# the end",
        'sources:\n  - name: "A"\n    url: https://a.example/x\n    # headers: none\n\n  # - name: C\nenrich: [github]  # one',
        "sources: # here\n\n  - name: A\n    kind: arxiv\n    categories:\n      - cs.CL  # words\n      - cs.LG\n\n\nsilence: 9",
        "# none\n---\nsources:\n  -\n    name: A\n    kind: huggingface",
    ],
)
def test_lines_are_added_and_all_others_stay(
    tmp_path: Path, text: str, mark: str, last: str, end: str
) -> None:
    """Ends of lines, remarks, quotes, spaces and a mark at the start."""
    before = mark + (text + last).replace("\n", end)
    made = added(tmp_path, before)

    kept = [line for line in before.splitlines() if line.strip()]
    lines = [line for line in made.splitlines() if line.strip()]
    new = [line for line in lines if line not in kept]
    assert [line.strip(" -") for line in new] == [
        "name: 'New: one'",
        "kind: feed",
        "url: https://new.example/feed",
    ]
    assert [line for line in lines if line not in new] == kept
    assert ("\r\n" in made) == (end == "\r\n")
    assert made.replace("\r\n", "").count("\r") == 0
    count = before.count("name: A") + before.count("name: B") + before.count('name: "A"')
    again = removed(tmp_path, made, count)
    assert [line for line in again.splitlines() if line.strip()] == kept


def test_a_text_of_several_lines_is_not_cut(tmp_path: Path) -> None:
    """What looks like a remark may be a part of it: the file is written anew then."""
    text = "sources:\n  - name: A\n    url: |\n      x\n\n      # y\n"

    made = parse_document(Path("x"), added(tmp_path, text), {}).data
    assert [entry["url"] for entry in made["sources"]] == ["x\n\n# y\n", NEW["url"]]


def test_a_list_in_another_style_is_written_anew_with_its_remarks(tmp_path: Path) -> None:
    """As ruamel.yaml writes it."""
    made = added(tmp_path, "# mine\nsources: [{name: A, url: 'https://a.example/x'}]  # all\n")

    assert "# mine" in made
    assert "# all" in made
    assert "https://new.example/feed" in made
    assert "'https://a.example/x'" in made


def test_an_entry_is_taken_out_and_the_remarks_around_it_stay(tmp_path: Path) -> None:
    """The first, and the last."""
    text = (
        "sources:\n  # a blog\n  - name: A\n    url: https://a.example/x  # old\n\n"
        "  # a service\n  - name: B\n    kind: huggingface\n# end\n"
    )

    assert removed(tmp_path, text, 0) == (
        "sources:\n  # a blog\n  # a service\n  - name: B\n    kind: huggingface\n# end\n"
    )
    assert removed(tmp_path, text, 1) == (
        "sources:\n  # a blog\n  - name: A\n    url: https://a.example/x  # old\n\n  # a service\n# end\n"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sources:\n  - name: A\n    kind: huggingfce\n", "did you mean `huggingface`"),
        ("sources: &all\n  - name: A\n    kind: huggingface\nother: *all\n", "other"),
        ("sources:\n  - name: 'New: one'\n    kind: huggingface\n", "a second source is called"),
        ("sources:\n\t- name: A\n", "tab"),
        ("- name: A\n", "key: value"),
        ("", "sources"),
    ],
)
def test_a_file_that_would_not_load_is_left_alone(tmp_path: Path, text: str, said: str) -> None:
    """Whatever is wrong is told with its place."""
    folder = write(tmp_path, text)

    with pytest.raises(ConfigError, match=said):
        add_sources(folder, [NEW], {})
    assert (folder / "sources.yaml").read_bytes().decode() == text
    assert [entry.name for entry in folder.iterdir()] == ["sources.yaml"]


def test_the_last_source_is_kept(tmp_path: Path) -> None:
    """A file without sources does not load."""
    text = "sources:\n  - name: A\n    kind: huggingface\n"
    folder = write(tmp_path, text)

    with pytest.raises(ConfigError):
        remove_source(folder, 0, {})
    assert (folder / "sources.yaml").read_text("utf-8") == text


def test_what_others_lean_on_stays_with_them(tmp_path: Path) -> None:
    """An anchor moves to the first that names it."""
    text = (
        "sources:\n  - name: A\n    kind: arxiv\n    categories: &all [cs.CL]\n"
        "  - name: B\n    kind: arxiv\n    categories: *all\n"
    )

    made = parse_document(Path("x"), removed(tmp_path, text, 0), {}).data
    assert made == {"sources": [{"name": "B", "kind": "arxiv", "categories": ["cs.CL"]}]}


def test_a_variable_stays_a_variable(tmp_path: Path) -> None:
    """What the environment holds is never written."""
    text = "sources:\n  - name: A\n    kind: semantic-scholar\n    query: x\n    headers: {x-api-key: '${KEY}'}\n"
    folder = write(tmp_path, text)

    add_sources(folder, [NEW], {"KEY": "secret-value"})

    made = (folder / "sources.yaml").read_text("utf-8")
    assert made.startswith(text)
    assert "secret-value" not in made


def test_the_mode_and_a_link_stay(tmp_path: Path) -> None:
    """A file of one's own may be private, or kept elsewhere."""
    folder = write(tmp_path, "sources:\n  - name: A\n    kind: huggingface\n")
    kept = tmp_path / "kept.yaml"
    (folder / "sources.yaml").rename(kept)
    kept.chmod(0o640)
    (folder / "sources.yaml").symlink_to(kept)

    add_sources(folder, [NEW], {})

    assert (folder / "sources.yaml").is_symlink()
    assert "New: one" in kept.read_text("utf-8")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o640


def test_what_somebody_else_wrote_at_that_moment_is_not_lost(tmp_path: Path) -> None:
    """Nor is anything left beside the file."""
    path = tmp_path / "x.yaml"
    path.write_text("new", "utf-8")

    with pytest.raises(StoreError, match="changed by somebody else"):
        writing.rewrite(path, b"mine", expected=b"old")
    assert (path.read_text("utf-8"), [*tmp_path.iterdir()]) == ("new", [path])


names = st.text(
    st.characters(blacklist_categories=["Cs", "Cc", "Co", "Cn", "Zl", "Zp"]),
    min_size=1,
    max_size=30,
)


@given(names.filter(str.strip), st.sampled_from(["- ", "  - ", "      - "]))
def test_any_name_is_read_as_it_was_written(name: str, dash: str) -> None:
    """Numbers, dates, colons, hashes, quotes: none of them becomes anything else."""
    pad = " " * len(dash)
    text = f"sources:\n{dash}name: A\n{pad}kind: huggingface\n"
    entry = {"name": name.replace("${", "$("), "kind": "huggingface"}
    try:
        (made, *_) = editing._edited(Path("x"), text, [entry], None)
    except ConfigError:
        return

    found = parse_document(Path("x"), made, {}).data["sources"][1]
    assert found["name"] == entry["name"] or str(found["name"]) == entry["name"]
