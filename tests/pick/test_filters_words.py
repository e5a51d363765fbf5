"""How words are written, and what is another word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import make_paper

from newsletter.pick.filters.dialects import american
from newsletter.pick.filters.folding import CAPITALS, fold, fold_name, fold_paper
from newsletter.pick.filters.language import FilterError, parse_match
from newsletter.pick.filters.matching import is_name, matches
from newsletter.pick.filters.particles import noun
from newsletter.pick.filters.plurals import singular
from newsletter.pick.filters.scanning import Matcher
from newsletter.pick.filters.spellings import spellings


def hit(match: object, text: str) -> bool:
    """Tell whether a filter holds for a title; one by one and all at once must say the same."""
    parsed = parse_match(match)
    paper = fold_paper(make_paper(title=text, abstract=""))
    found = matches(parsed, paper)
    assert Matcher([parsed]).holding(paper) == ({0} if found else set())
    return found


ONE_WORD = [
    "GPU GPUs", "API APIs", "VLA VLAs", "RNA RNAs", "LLM LLMs", "MRI MRIs", "PhD PhDs", "menu menus",
    "process processes", "mesh meshes", "loss losses", "bias biases", "gas gases", "lens lenses",
    "approach approaches", "cache caches", "niche niches", "box boxes", "quiz quizzes", "size sizes",
    "virus viruses", "house houses", "use uses", "case cases", "database databases", "sense senses",
    "exercise exercises", "hero heroes", "shoe shoes", "photo photos", "policy policies",
    "movie movies", "key keys", "idea ideas", "camera cameras", "curve curves", "half halves",
    "hypothesis hypotheses", "analysis analyses", "metastasis metastases", "crisis crises", "dialysis dialyses",
    "matrix matrices", "matrix matrixes", "submatrix submatrices", "index indices", "index indexes",
    "device devices", "vertex vertices", "criterion criteria", "phenomenon phenomena",
    "polyhedron polyhedra", "spectrum spectra", "bacterium bacteria", "corpus corpora",
    "stimulus stimuli", "nucleus nuclei", "schema schemata", "formula formulae", "child children",
    "woman women", "mouse mice", "axis axes", "axe axes", "basis bases", "base bases", "life lives",
    "metric metrics", "rubric rubrics", "statistic statistics", "business businesses",
]  # fmt: skip


@pytest.mark.parametrize("pair", ONE_WORD)
def test_singular_and_plural_are_one_word(pair: str) -> None:
    """Each finds the other, also in capitals, in a phrase, and after a hyphen."""
    one, many = pair.split()

    for term, text in ((one, many), (many, one)):
        assert hit(term, f"On {text}, again")
        assert hit(f"some {term}", f"Some {text} here")
        assert hit(term, f"Multi-{text}")


DIALECTS = [
    "behaviour behavior", "colouring coloring", "tumours tumors", "neighbourhood neighborhood",
    "modelling modeling", "mislabelled mislabeled", "optimisation optimization", "tokenisers tokenizers",
    "generalisability generalizability", "centre center", "fibres fibers", "catalogue catalog",
    "analysing analyzing", "anaemia anemia", "haemoglobin hemoglobin", "paediatric pediatric",
    "oestrogen estrogen", "sulphate sulfate", "grey gray", "artefacts artifact",
]  # fmt: skip


@pytest.mark.parametrize("pair", DIALECTS)
def test_british_and_american_spellings_are_one_word(pair: str) -> None:
    """Each finds the other, alone and in a compound."""
    for term, text in (pair.split(), pair.split()[::-1]):
        assert hit(term, f"On {text}, again")
        assert hit(f"deep {term}", f"Deep-{text}")


@pytest.mark.parametrize(
    "word",
    "noise raise wise promise precise exercise premise organism hour four contour tour acre hundred "
    "televised supervised revised compromise otherwise treatise excellent controlled called taller "
    "spectre analysis emphasis rogue".split(),
)
def test_words_that_only_look_british_stay(word: str) -> None:
    """No rule is about them."""
    assert american(word) == word


@pytest.mark.parametrize("name", CAPITALS)
def test_a_name_in_capitals_is_not_the_word(name: str) -> None:
    """US is not us; a term in small letters, or in a phrase, finds both."""
    assert hit(name, f"The {name} (and others)")
    assert not hit(name, f"Tell {name.lower()} more")
    assert not hit(name, f"{name.capitalize()} first")
    assert hit(name.lower(), f"The {name} now")
    assert hit(f"{name.lower()} policy", f"On {name} policies")
    assert hit(f"{name} policy", f"On {name.lower()} policies")


COMPOUNDS = [
    "pre training", "fine tuning", "data set", "multi modal", "few shot", "real time", "time step",
    "web page", "co training", "re ranking", "key word", "work flow", "bench mark", "over fitting",
]  # fmt: skip


@pytest.mark.parametrize("parts", COMPOUNDS)
def test_closed_hyphenated_and_spaced_are_one(parts: str) -> None:
    """Each way to write a compound finds every other, alone, in a phrase and in the plural."""
    ways = [parts.replace(" ", gap) for gap in ("", "-", " ", "\u2010", "\N{SOFT HYPHEN}")]

    for term in ways[:3]:
        for text in ways:
            assert hit(term, f"A {text}.")
            assert hit(f"large {term}", f"Large {text}s of Models")
            assert hit(f"{term} of model", f"Large {text} of models")


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("timeseries", "time series"), ("time series", "timeseries"), ("e-mail", "Emails"), ("email", "An e-mail"), ("k-means", "K-Means clustering"),
        ("kmeans", "k-means"), ("k-means", "K means"), ("Q-learning", "deep Q-Learning"),
        ("q learning", "Q-learning"), ("GPT-4", "GPT4 and others"), ("GPT4", "GPT-4's limits"),
        ("GPT-4", "GPT 4"), ("gpt4", "GPT 4"), ("Llama 3", "LLaMA3"), ("llama3", "Llama 3"),
        ("Qwen2.5", "Qwen 2.5"), ("GPT", "GPT-4"), ("3D", "3-D scenes"), ("3-D", "3D scenes"),
        ("T5", "Flan-T5"), ("R-CNN", "Faster R-CNN"), ("C++", "In C++."), ("c++", "C++17 and C"),
        ("C#", "C# and F#"), ("F#", "C# and F#"), (".NET", "On .NET, ASP.NET"), (".net", ".NET 8"),
        ("Node.js", "NodeJS"), ("nodejs", "Node.js"), ("R", "An R package"), ("R", "written in R."),
        ("vitamin C", "vitamin c"), ("vitamin c", "Vitamin C"), ("Q&A", "QA pairs"),
        ("PointNet++", "PointNet++"), ("PointNet", "PointNet++"), ("AI", "AI-driven"),
        ("Alzheimer's disease", "Alzheimer disease"), ("Alzheimer", "Alzheimer’s"),
        ("multimodal pretraining", "multi-modal pre-training"),
        ("multi-modal pre-training", "multimodal pretraining"),
        ("vision language action", "Vision-Language-Action"), ("Navier-Stokes", "Navier–Stokes"),
        ("naive", "Naïve"), ("Erdős", "Erdos"), ("Lukasiewicz", "Łukasiewicz"), ("Straße", "STRASSE"),
        ("isik", "ışık"), ("fi", "ﬁ"),
    ],
)  # fmt: skip
def test_one_word_written_in_two_ways(term: str, text: str) -> None:
    """Names of models and languages, letters, versions, accents, possessives."""
    assert hit(term, text)


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("policy", "police"), ("art", "smart"), ("new", "news"), ("news", "new"),
        ("process", "procession"), ("universe", "university"), ("bias", "bia"), ("gas", "GA"),
        ("GP", "GPS"), ("GPS", "GP"), ("lens", "len"), ("pose", "POS"), ("ROS", "rose"),
        ("US", "use"), ("basis", "base"), ("base", "basis"), ("axis", "axe"), ("1990", "1990s"),
        ("dynamics", "dynamic"), ("logistic", "logistics"), ("robotics", "robotic"),
        ("asynchronous", "a synchronous step"), ("notable", "not able"), ("overall", "over all"),
        ("inaccuracy", "in accuracy"), ("information", "in formation"), ("therapist", "the rapist"),
        ("C++", "Vitamin C"), ("C", "C++"), ("C", "C#"), ("C#", "C"), (".NET", "net"), ("net", ".NET"),
        ("R", "r = 0.5"), ("R", "R = 0.5"), ("R", "R-CNN"), ("R", "R&D"), ("R", "for r in"),
        ("R", "RL"), ("PointNet++", "PointNet"), ("GPT-4", "GPT-4o"), ("GPT-3", "GPT-3.5"),
        ("35", "3-5 days"), ("35", "3.5 days"), ("T5", "T-cell"), ("T5", "T 5"),
    ],
)  # fmt: skip
def test_other_words(term: str, text: str) -> None:
    """Nearly the same letters, another word."""
    assert not hit(term, text)


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("强化学习", "基于强化学习的推荐系统研究"), ("强化 学习", "强化学习"), ("BERT", "使用BERT的方法"),
        ("強化学習", "本論文では強化学習を用いた"), ("ロボット", "ロボットアーム"), ("ロボット", "ﾛﾎﾞｯﾄ"),
        ("ガス", "ｶﾞｽ"), ("GPU", "ＧＰＵを使う"), ("GPU", "GPUsを使う"), ("การเรียนรู้", "ใช้การเรียนรู้ของเครื่อง"),
        ("AI", "ใช้AIในการ"), ("ການຮຽນຮູ້", "ໃຊ້ການຮຽນຮູ້"), ("រៀន", "ការរៀនម៉ាស៊ីន"),
        ("သင်ယူ", "စက်သင်ယူမှု"), ("강화학습", "강화학습을 이용한"), ("강화학습", "강화학습에서는"),
        ("강화학습", "강화학습의"), ("강화학습", "강화학습으로부터"), ("강화 학습", "강화학습은"),
        ("강화학습", "강화 학습을"), ("강화학습을", "강화학습이"), ("언어 모델", "대규모 언어모델의"),
        ("데이터", "데이터로"), ("모델", "모델로"), ("데이터", "데이터도"), ("학습", "학습하는"), ("LLM", "LLM의 평가"), ("R", "R을 이용한"), ("책", "책을 읽다"),
        ("التعلم", "التَّعَلُّم"), ("الكتاب", "الكتــاب"), ("احمد", "أحمد"), ("модель", "моде́ль"),
        ("еще", "ещё"), ("सीखना", "मशीन सीखना"), ("שלום", "שָׁלוֹם"), ("λόγος", "ΛΟΓΟΣ"),
    ],
)  # fmt: skip
def test_scripts_by_their_own_rules(term: str, text: str) -> None:
    """Substrings where no spaces divide words, particles, widths, marks that may be left out."""
    assert hit(term, text)


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("か", "が"), ("カス", "ガス"), ("мои", "мой"), ("强化学习", "强化训练"), ("전문", "전문가"), ("정확", "정확도"),
        ("마", "마을"), ("종", "종이"), ("책", "정책"), ("정책", "책"), ("ก", "กิน"), ("มา", "ม้า"),
        ("कम", "काम"), ("학습", "강화학습론"), ("BERT", "使用ALBERT的方法"),
    ],
)  # fmt: skip
def test_marks_that_are_part_of_a_letter(term: str, text: str) -> None:
    """Voicing marks, vowels, й; and what only looks like a particle."""
    assert not hit(term, text)


def test_nearness_counts_characters_where_no_spaces_divide_words() -> None:
    """Also of words in Latin letters among them; a compound counts as it is found."""
    assert hit({"near(1)": ["强化学习", "系统"]}, "强化学习的系统")
    assert not hit({"near(1)": ["强化学习", "系统"]}, "强化学习的推荐系统")
    assert hit({"near(0)": ["dataset", "shift"]}, "data set shift")
    assert hit({"near(0)": ["pre-training", "loss"]}, "pretraining losses")
    assert not hit({"near(1)": ["b", "a"]}, "a c-d e b")


@pytest.mark.parametrize(
    ("name", "written", "same"),
    [
        ("Williams", "Robin Williams", True), ("William", "Robin Williams", False),
        ("Jones", "Bo Jone", False), ("Li", "Ann Lis", False), ("Lis", "Ann Li", False),
        ("Hinton, Geoffrey", "Geoffrey E. Hinton", True), ("Xiao-Ming Li", "Xiaoming Li", True),
        ("Xiaoming Li", "Xiao-Ming Li", True), ("王小明", "王 小明", True), ("明王", "王小明", False),
        ("小明", "王小明", False), ("김철수", "김 철수", True), ("Muller", "Jürgen Müller", True),
        ("O'Brien", "Pat OBrien", True), ("Weiss", "Bo Weiß", True),
    ],
)  # fmt: skip
def test_names_have_no_plural(name: str, written: str, *, same: bool) -> None:
    """Names are whole words, in any order, with or without accents and hyphens."""
    paper = fold_paper(make_paper(authors=(written,)))

    assert matches(parse_match([f"author: {name}"]), paper) is same


@pytest.mark.parametrize(
    ("term", "text", "holds"),
    [
        ("/gaussian processes/i", "Gaussian Processes", True),
        ("/gaussian processes/", "Gaussian Processes", False),
        ("/a.b/s", "a\nb", True), ("/a.b/", "a\nb", False), ("/^b/m", "a\nb", True),
        ("/^b/", "a\nb", False), ("/A.B$/smi", "x a\nb\nc", True), ("/x AND y/", "x AND y", True), ("/x AND y/", "x y", False), ("/a/i AND b", "A b", True),
        ("/a/i AND b", "A c", False),
    ],
)  # fmt: skip
def test_flags_of_an_expression(term: str, text: str, *, holds: bool) -> None:
    """It sees the text as it is written, in the case that it has unless told otherwise."""
    assert hit(term, text) is holds


@pytest.mark.parametrize(
    ("term", "flag"), [("/a/x", "x"), ("/a/ig", "g"), ("/path/to", "t"), ("b OR /a/z", "z")]
)
def test_an_unknown_flag_is_a_mistake(term: str, flag: str) -> None:
    """It is named, with those there are, and with the way to mean the words."""
    with pytest.raises(FilterError, match=f"`{flag}` is no flag of one; flags are `i`") as caught:
        parse_match({"all": ["x", term]})

    assert caught.value.path == ("all", 1)


LETTERS = st.text(alphabet="aesioxz", min_size=1, max_size=7)


@given(LETTERS | st.sampled_from([word for pair in ONE_WORD for word in pair.lower().split()]))
def test_a_singular_has_no_singular_of_its_own(word: str) -> None:
    """But for words that nobody writes: what ends in one s keeps it or loses it at once."""
    once = singular(word)

    assert once == word or not once.endswith("s") or singular(once) in (once, once[:-1], once[:-2])


@given(st.lists(st.sampled_from([*COMPOUNDS, "basis"]), min_size=1, max_size=3))
def test_every_spelling_of_a_term_is_found_by_it(phrases: list[str]) -> None:
    """Whatever the phrase is made of."""
    phrase = " ".join(phrases)

    for gap in ("", "-", " "):
        assert hit(phrase, f"On {phrases[0].replace(' ', gap)} {' '.join(phrases[1:])}".strip())


@given(st.text(max_size=30) | st.just("\x00") | st.just("a\x00b\x01c") | st.just("B a a a a"))
def test_a_term_finds_a_text_that_is_written_the_same(text: str) -> None:
    """In any script: folding a term and folding a text agree."""
    try:
        parsed = parse_match([f'"{text}"'])
    except FilterError:
        return
    (term,) = parsed.any
    if getattr(term, "field", "") == "text":
        assert matches(parsed, fold_paper(make_paper(title=getattr(term, "text", ""), abstract="")))


@given(st.text(alphabet="강화학습을이의에서는로가 ", max_size=8))
def test_a_noun_is_the_beginning_of_its_word(text: str) -> None:
    """Particles only come off the end."""
    assert all(word.startswith(noun(word)) and noun(word) for word in text.split())


def test_terms_may_have_a_spelling_in_common() -> None:
    """A text that has it leads to each of them."""
    filters = [parse_match(term) for term in ("dataset", "data set", "data-sets")]

    assert Matcher(filters).holding(fold_paper(make_paper(title="A data set"))) == {0, 1, 2}


def test_a_name_without_letters_is_nobody() -> None:
    """Not everybody."""
    assert not is_name(fold_name("…"), fold_name("Ada Byron"))


def test_long_terms_have_few_spellings() -> None:
    """A sentence as a term costs about as much as its letters."""
    assert len(spellings(" " + " ".join(["pretraining"] * 40) + " ")) < 1_000
    assert fold("") == "  "
