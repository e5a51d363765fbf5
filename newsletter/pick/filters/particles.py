"""Korean: a noun without its particles.

Particles (josa) are written onto a noun: 강화학습을, 강화학습에서는. Many have two forms, one after
a consonant and one after a vowel. So 전문가 (expert) is not 전문 with the particle 가, which only
follows a vowel. After Sohn, The Korean Language (1999), 7.3 on particles and 8.3 on verbs in -hada.
"""

from __future__ import annotations

import re

_AFTER_CONSONANT = """
으로부터 으로써 으로서 으로의 으로는 으로도 으로 이라는 이라고 이란 이며 이고 이 은 을 과 과의
"""
_AFTER_VOWEL = "라는 라고 란 가 는 를 와 와의"
_AFTER_VOWEL_OR_RIEUL = "로부터 로써 로서 로의 로는 로도 로"
_AFTER_ANY = """
에서부터 에서의 에서는 에서도 에서 에게서 에게는 에게 에는 에도 에의 에 까지의 까지 부터
보다 처럼 만큼 마다 조차 마저 에만 에서만 까지도 만으로 만이 들의 들이 들을 들은 들에 들과 들
만을 만의 도 만 의 입니다 이다
하는 하고 하며 하여 하기 하지 하면 하도록 하였다 합니다 한다 했다 해서 한 할 함 해
되는 되고 되며 되어 되지 되었다 됩니다 된다 됐다 된 될 됨
"""
"""The last two lines are forms of verbs made of nouns: 학습하는, 학습된."""

_CONSONANT, _RIEUL, _VOWEL = range(3)
_FOLLOWS = {
    **dict.fromkeys(_AFTER_ANY.split(), (_VOWEL, _RIEUL, _CONSONANT)),
    **dict.fromkeys(_AFTER_CONSONANT.split(), (_RIEUL, _CONSONANT)),
    **dict.fromkeys(_AFTER_VOWEL.split(), (_VOWEL,)),
    **dict.fromkeys(_AFTER_VOWEL_OR_RIEUL.split(), (_VOWEL, _RIEUL)),
}
"""By particle, after which endings of a noun it stands."""
_AFTER_ONE_SYLLABLE = frozenset("에서 에게 으로 까지 부터 처럼 보다 은 는 을 를".split())
"""After one syllable, others are rather part of the word: 종이 (paper) is not 종."""
_AFTER_THREE_SYLLABLES = frozenset("도 만".split())
"""After fewer, they are rather part of the word: 정확도 (accuracy) is not 정확."""
_KOREAN = re.compile("[가-힣]{2,}")


def noun(word: str) -> str:
    """Return a Korean word without its particles; a word without one is returned as it is.

    >>> [noun(word) for word in ("강화학습을", "강화학습에서는", "전문가", "책을", "마을")]
    ['강화학습', '강화학습', '전문가', '책', '마을']
    """
    if not _KOREAN.fullmatch(word):
        return word
    for size in (*range(2, len(word)), 1):  # the shortest noun leaves the longest particle
        if _ending(word[size - 1]) in _FOLLOWS.get(word[size:], ()) and _fits(size, word[size:]):
            return word[:size]
    return word


def _fits(size: int, particle: str) -> bool:
    """Tell whether a noun of `size` syllables is long enough for it to be a particle."""
    if particle in _AFTER_THREE_SYLLABLES:
        return size > 2  # noqa: PLR2004
    return size > 1 or particle in _AFTER_ONE_SYLLABLE


def _ending(syllable: str) -> int:
    """Return whether a syllable ends in a vowel, in ㄹ or in another consonant.

    Hangul syllables stand in Unicode by their 28 finals: the first is none, the ninth ㄹ.
    """
    final = (ord(syllable) - ord("가")) % 28
    return _VOWEL if final == 0 else _RIEUL if final == 8 else _CONSONANT  # noqa: PLR2004
