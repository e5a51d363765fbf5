"""English plurals: the singular of a noun, by rule and by a table of irregular nouns.

Only number is folded, nothing else of a word: a stemmer would make one of policy and police, or of
universe and university. A rule may be wrong about a rare word without harm, because term and text
go through the same rules: two words are confused only if both exist. The tables name those that do.
Irregular nouns are after Quirk et al., A Comprehensive Grammar of the English Language (1985), 5.81
to 5.101.
"""

from __future__ import annotations

import re

_IRREGULAR = dict(
    pair.split(":")
    for pair in """
    children:child men:man women:woman feet:foot teeth:tooth geese:goose mice:mouse lice:louse
    oxen:ox datum:data ads:ad
    analyses:analysis crises:crisis emphases:emphasis oases:oasis neuroses:neurosis
    diagnoses:diagnosis prognoses:prognosis psychoses:psychosis symbioses:symbiosis
    thromboses:thrombosis metamorphoses:metamorphosis fibroses:fibrosis cirrhoses:cirrhosis
    synopses:synopsis catharses:catharsis nemeses:nemesis testes:testis
    geneses:genesis mitoses:mitosis meioses:meiosis apoptoses:apoptosis
    matrices:matrix indices:index vertices:vertex vortices:vortex appendices:appendix
    simplices:simplex helices:helix codices:codex cortices:cortex apices:apex radices:radix
    cervices:cervix directrices:directrix
    criteria:criterion phenomena:phenomenon automata:automaton hedra:hedron taxa:taxon
    mitochondria:mitochondrion ganglia:ganglion
    bacteria:bacterium spectra:spectrum quanta:quantum maxima:maximum minima:minimum
    optima:optimum extrema:extremum equilibria:equilibrium symposia:symposium
    curricula:curriculum errata:erratum strata:stratum momenta:momentum continua:continuum
    consortia:consortium compendia:compendium millennia:millennium memoranda:memorandum
    addenda:addendum phyla:phylum sera:serum
    stimuli:stimulus foci:focus loci:locus nuclei:nucleus radii:radius tori:torus moduli:modulus
    calculi:calculus fungi:fungus cacti:cactus syllabi:syllabus alumni:alumnus bacilli:bacillus
    gyri:gyrus sulci:sulcus hippocampi:hippocampus thalami:thalamus
    corpora:corpus genera:genus schemata:schema stigmata:stigma lemmata:lemma
    formulae:formula antennae:antenna larvae:larva algae:alga nebulae:nebula novae:nova
    vertebrae:vertebra amoebae:amoeba
    plateaux:plateau bureaux:bureau tableaux:tableau
    halves:half shelves:shelf wolves:wolf knives:knife wives:wife calves:calf elves:elf
    selves:self loaves:loaf thieves:thief hooves:hoof scarves:scarf sheaves:sheaf
    """.split()
)
_ENDING = re.compile(
    rf"(?:{'|'.join(plural for plural in _IRREGULAR if len(plural) > 5)}|hedra)$"  # noqa: PLR2004
)
"""Irregular plurals as the last part of a word: submatrices, cyanobacteria, polyhedra."""
_WHOLE = dict(
    pair.split(":")
    for pair in """
    shoes:shoe horseshoes:horseshoe toes:toe foes:foe canoes:canoe hoes:hoe oboes:oboe
    floes:floe aloes:aloe
    caches:cache aches:ache headaches:headache niches:niche avalanches:avalanche cliches:cliche
    psyches:psyche apaches:apache mustaches:mustache quizzes:quiz irises:iris
    apis:api guis:gui clis:cli rois:roi taxis:taxi skis:ski wikis:wiki emojis:emoji alibis:alibi
    kanjis:kanji menus:menu plateaus:plateau bureaus:bureau impasses:impasse miseries:misery
    finesses:finesse
    gurus:guru emus:emu relus:relu gelus:gelu haikus:haiku
    gpus:gpu cpus:cpu tpus:tpu npus:npu dpus:dpu ipus:ipu vms:vm pcs:pc tvs:tv
    """.split()
)
"""Nouns that the rules below get wrong, as whole words only: canoes, not volcanoes."""

EITHER = {
    "bases": ("base", "basis"),
    "axes": ("axis", "axe"),
    "lives": ("life", "live"),
    "leaves": ("leaf", "leave"),
    "ellipses": ("ellipse", "ellipsis"),
}
"""Plurals of two nouns; they stay as they are, and a term for either noun also looks for them."""

_SINGULAR = frozenset(
    """
    bias debias unbias gas biogas atlas alias canvas pancreas christmas texas kansas arkansas dallas
    vegas thomas lucas nicholas douglas whereas overseas perhaps always news
    lens does goes chaos cosmos ethos pathos asbestos kudos macos mars corps summons sometimes
    besides towards afterwards sars cmos mems keras kras nras hras saas paas iaas faas
    """.split()
)
"""Words that end in s and are no plurals, where the endings do not tell."""

_PLURALS_IN_ICS = tuple(
    """
    metrics topics heuristics statistics characteristics logics critics clinics fabrics comics
    mosaics relics plastics antibiotics probiotics ceramics diagnostics mnemonics schematics
    classics epidemics pandemics harmonics conics medics tactics picnics tonics narcotics cosmetics
    skeptics sceptics lyrics rubrics geodesics asics
    """.split()
)
"""Plurals of nouns in -ic. Other words in -ics are fields of study, and not their adjectives:
dynamics is not dynamic, genetics not genetic."""
_USE = frozenset(
    """
    use reuse misuse overuse abuse disuse excuse fuse refuse diffuse infuse muse ruse recluse accuse
    confuse amuse defuse hypotenuse
    """.split()
)
_IN_ES = re.compile(r"(?:ss|x|[cs]h|tz|zz|o)es$")
"""Plurals in -es: losses, boxes, approaches, meshes, quartzes, heroes."""


def singular(word: str) -> str:
    """Return the singular of a word in lower case; what is no plural is returned as it is.

    >>> [singular(word) for word in ("processes", "biases", "hypotheses", "lens", "policies")]
    ['process', 'bias', 'hypothesis', 'lens', 'policy']
    """
    if known := _IRREGULAR.get(word) or _WHOLE.get(word):
        return known
    if word in EITHER or word in _SINGULAR:
        return word
    if found := _ENDING.search(word):
        return word[: found.start()] + _IRREGULAR[found[0]]
    if len(word) > 4 and word.endswith("ie"):  # noqa: PLR2004
        return word[:-2] + "y"  # movie as movies, which looks like policies
    if len(word) > 3 and word.endswith("s"):  # noqa: PLR2004  not GPS, its, gas
        return _without_s(word)
    return word


def _without_s(word: str) -> str:
    """Return the singular of a word of four letters or more that ends in s."""
    if word.endswith(("ss", "us", "is", "series", "species")) or word[-2].isdecimal():
        return word  # the 1990s are not 1990
    if word.endswith("ies") and len(word) > 4:  # noqa: PLR2004  not ties, pies
        return word[:-3] + "y"
    if word.endswith("ics"):
        return word[:-1] if word.endswith(_PLURALS_IN_ICS) else word
    if word.endswith(("yses", "theses", "stases")):
        return word[:-2] + "is"
    if word.endswith("uses"):  # viruses and focuses, but causes, houses and uses
        return word[:-1] if word.endswith(("auses", "ouses")) or word[:-1] in _USE else word[:-2]
    in_es = _IN_ES.search(word) or (word.endswith("es") and word[:-2] in _SINGULAR)
    return word[:-2] if in_es else word[:-1]
