"""People's names in feeds."""

from __future__ import annotations

import pytest
from makers import NOW, make_document, make_source

from newsletter.collect.kinds.feeds import parse_feed
from newsletter.collect.plain.people import names_of


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("Ann Lee and Bo Li", ("Ann Lee", "Bo Li")),
        ("Lee, Ann and Li, Bo", ("Lee, Ann", "Li, Bo")),
        ("van der Berg, Karl Heinz and Li, Bo", ("van der Berg, Karl Heinz", "Li, Bo")),
        ("Lee, Ann, Li, Bo", ("Lee, Ann", "Li, Bo")),
        ("Lee, Ann; and Li, Bo; García Márquez, Luis", ("Lee, Ann", "Li, Bo", "García Márquez, Luis")),
        ("O'Neil, J. P., van der Berg, K., Müller, Ö.", ("O'Neil, J. P.", "van der Berg, K.", "Müller, Ö.")),
        ("王小明，李华、张三", ("王小明", "李华", "张三")),
        ("김철수, 이영희", ("김철수", "이영희")),
        ("Martin L. King, Jr., Sammy Davis Jr., Ann Lee", ("Martin L. King Jr.", "Sammy Davis Jr.", "Ann Lee")),
        ("Lee, Ann, Jr. and Li, Bo", ("Lee, Ann Jr.", "Li, Bo")),
        ("Ann Lee, MD, Bo Li, Ph.D.", ("Ann Lee", "Bo Li")),
        ("The X Collaboration: G. Aad, B. Abbott", ("The X Collaboration", "G. Aad", "B. Abbott")),
        ("Ann Lee, Bo Li, on behalf of the Y Collaboration", ("Ann Lee", "Bo Li", "Y Collaboration")),
        ("The Research Team, Example and Partners", ("The Research Team, Example and Partners",)),
        ("José Ortega y Gasset", ("José Ortega y Gasset",)),
        ("Iván Pérez y María Ruiz", ("Iván Pérez", "María Ruiz")),
        ("Alexander Sandoval, Brandon Andersson", ("Alexander Sandoval", "Brandon Andersson")),
        ("Ann Lee, Bo Li, et al.", ("Ann Lee", "Bo Li")),
        ("by Ann Lee", ("Ann Lee",)),
        ("Corby Rosset, Ann Lee", ("Corby Rosset", "Ann Lee")),
        ("The X-5 Team, Ann Lee, Plato, Bo Li", ("The X-5 Team", "Ann Lee", "Plato", "Bo Li")),
        ("Ann Lee and 12 others", ("Ann Lee",)),
        ("Ann Lee, Bo Li, +3 more", ("Ann Lee", "Bo Li")),
        ("王小明，李华等", ("王小明", "李华")),
        ("Ann Lee [1], Bo Li {2}", ("Ann Lee", "Bo Li")),
        ("Ann Lee*, Bo Li†, Cy Wu¹,²", ("Ann Lee", "Bo Li", "Cy Wu")),
        ("Ann Lee1, Bo Li2, Cy Wu1,2", ("Ann Lee", "Bo Li", "Cy Wu")),
        ("Ann Lee,1 Bo Li,2 and Cy Wu1", ("Ann Lee", "Bo Li", "Cy Wu")),
        ("Gemini 2 Team", ("Gemini 2 Team",)),
        ("Ann Lee https://orcid.org/0000-0002-1825-0097; Bo Li ORCID: 0000-0002-1825-009X", ("Ann Lee", "Bo Li")),
        ("The X Team: Ann Lee, Bo Li", ("The X Team", "Ann Lee", "Bo Li")),
        ("The X Collaboration, the Y Collaboration: A. Lee, B. Li", ("The X Collaboration", "the Y Collaboration", "A. Lee", "B. Li")),
        ("山田太郎・佐藤花子", ("山田太郎", "佐藤花子")),
        ("ジョン・スミス", ("ジョン・スミス",)),
        ("王小明 和 李华", ("王小明", "李华")),
        ("Ann Lee and 王小明", ("Ann Lee", "王小明")),
        ("Prof. Ann Lee, Dr. Bo Li", ("Ann Lee", "Bo Li")),
        ("Aleksandr I. Panov", ("Aleksandr I. Panov",)),
        ("Ann Lee PhD and Bo Li", ("Ann Lee", "Bo Li")),
        ("By: Ann Lee", ("Ann Lee",)),
        ("Иван Петров и Мария Иванова", ("Иван Петров", "Мария Иванова")),
        ("Ann Lee og Bo Li", ("Ann Lee", "Bo Li")),
        ("Ann Lee|Bo Li", ("Ann Lee", "Bo Li")),
        ("Ann Lee / Bo Li", ("Ann Lee", "Bo Li")),
        ("Ann Lee / London", ("Ann Lee / London",)),
        ("Posted by Ann Lee and Bo Li, Software Engineers, Example Research", ("Ann Lee", "Bo Li")),
        ("Ann Lee, University of Example, MIT", ("Ann Lee",)),
        ("University of Example", ("University of Example",)),
        ("Lee, Ann Marie, Li, Bo", ("Lee, Ann Marie", "Li, Bo")),
        ('"Lee, Ann" <ann@x.example>', ("Lee, Ann",)),
        ("https://x.example/ann", ()),
        ("[object Object]", ()),
        ("admin", ()),
        ("van der Berg, Jan Jr.", ("van der Berg, Jan Jr.",)),
        ("van der Berg, Jan Jr., Li, Bo", ("van der Berg, Jan Jr.", "Li, Bo")),
        ("King, Jr., Martin L.", ("King Jr., Martin L.",)),
        ("Vincent van Gogh, Ludwig van Beethoven", ("Vincent van Gogh", "Ludwig van Beethoven")),
        ("Ann Lee for the X Collaboration", ("Ann Lee", "X Collaboration")),
        ("{The X Collaboration}", ("The X Collaboration",)),
        ("أحمد محمد، علي حسن", ("أحمد محمد", "علي حسن")),
        ("山田太郎（東京大学）", ("山田太郎",)),
        ("Ann Lee, Bo Li, 12 more authors", ("Ann Lee", "Bo Li")),
        ("Ann Lee +3", ("Ann Lee",)),
        ("Ann Lee — Example University", ("Ann Lee",)),
        ("Ann Lee, Contributor", ("Ann Lee",)),
        ("and Ann Lee", ("Ann Lee",)),
        (":, Ann Lee", ("Ann Lee",)),
        ("The Editors", ()),
        ("Ann Lee, Bo Writer", ("Ann Lee", "Bo Writer")),
        ("Ann Lee, Bo Fellows, Cy Fox", ("Ann Lee", "Bo Fellows", "Cy Fox")),
        ("Ann Lee, Senior Climate Reporter, Example News", ("Ann Lee",)),
        ("Ann Lee, Reporter", ("Ann Lee",)),
        ("Ann Lee, Ph.D. student", ("Ann Lee",)),
        ("Ann Lee, Professor of Physics", ("Ann Lee",)),
        ("Guest Author", ()),
        ("Plato", ("Plato",)),
    ],
)  # fmt: skip
def test_lists_of_names(given: str, names: tuple[str, ...]) -> None:
    """Each person once, whole, whatever parts the names."""
    assert names_of([given]) == names


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (["Lee, Ann", "Li, Bo"], ("Lee, Ann", "Li, Bo")),
        (["Ann Lee, Bo Li", "Cy Wu"], ("Ann Lee", "Bo Li", "Cy Wu")),
        (["Ann Lee and Bo Li", "Cy Wu"], ("Ann Lee", "Bo Li", "Cy Wu")),
        (["The X Collaboration: A. Lee", "B. Li"], ("The X Collaboration", "A. Lee", "B. Li")),
        (["Ann Lee", "PhD", "Bo Li", "et al."], ("Ann Lee", "Bo Li")),
    ],
)
def test_several_texts(given: list[str], names: tuple[str, ...]) -> None:
    """Each is one name, unless it is plainly a list of its own."""
    assert names_of(given) == names


@pytest.mark.parametrize(
    "given",
    [
        "ann@x.org (Ann Lee)", "ann@lab.science (Ann Lee)", "ann@lab.institute (Ann Lee)",
        "Ann Lee &lt;ann@lab.science&gt;", "Ann Lee (ann@lab.science)", "<![CDATA[ann@lab.science (Ann Lee)]]>",
        "mailto:ann@x.example Ann Lee",
    ],
)  # fmt: skip
def test_addresses_are_no_names(given: str) -> None:
    """Whatever their domain: an address leaves the name whole, and is not shown."""
    text = f"<rss version='2.0'><channel><item><title>T</title><author>{given}</author></item></channel></rss>"

    (paper,) = parse_feed(make_document(text), make_source(), NOW).papers

    assert paper.authors == ("Ann Lee",)
