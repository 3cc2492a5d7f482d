"""Sentences in several languages as a colleague types them: a line for each language, English without its name."""

import re
from collections.abc import Iterable, Mapping, Sequence

from django.utils.text import slugify

from omnichannel.rules.surveys import SurveyOption

LONGEST_SENTENCE = 500
LONGEST_CODE = 40
_LANGUAGE = re.compile(r"^(?P<code>[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*):\s*(?P<words>.+)$")
_OPTION = re.compile(r"^(?P<code>[a-z][a-z0-9_]{0,39})\s*=\s*(?P<words>.+)$")


class WordsNotUsable(ValueError):  # noqa: N818 - names a state of the world
    """What was typed says no sentence in each language; the text says where."""


def words_in(lines: Iterable[str]) -> dict[str, str]:
    """Language -> sentence.

    >>> words_in(["Would you recommend us?", "zh-Hant: 您會推薦我們嗎？"])
    {'en': 'Would you recommend us?', 'zh-Hant': '您會推薦我們嗎？'}

    :raises WordsNotUsable: a language is there twice, or a sentence is too long.
    """
    found: dict[str, str] = {}
    for line in filter(None, (line.strip() for line in lines)):
        named = _LANGUAGE.match(line)
        language, sentence = (named["code"], named["words"]) if named else ("en", line)
        if language in found:
            raise WordsNotUsable(f"There are two sentences in {language!r}; write each in one line.")
        if len(sentence) > LONGEST_SENTENCE:
            raise WordsNotUsable(f"A sentence has at most {LONGEST_SENTENCE} letters.")
        found[language] = sentence
    return found


def lines_of(words: Mapping[str, str]) -> list[str]:
    """The opposite of `words_in`; what was written in several lines elsewhere becomes one."""
    plain = {language: " ".join(sentence.split()) for language, sentence in words.items()}
    return [
        sentence if language == "en" and not _LANGUAGE.match(sentence) else f"{language}: {sentence}"
        for language, sentence in plain.items()
    ]


def options_in(text: str) -> list[SurveyOption]:
    """Options, one in a line, with further languages behind bars.

    >>> [(one.code, one.words) for one in options_in("The tea | fa: چای")]
    [('the_tea', {'en': 'The tea', 'fa': 'چای'})]

    :raises WordsNotUsable: as `words_in`, or two have one code.
    """
    found: list[SurveyOption] = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        named = _OPTION.match(line)
        words = words_in((named["words"] if named else line).split("|"))
        taken = [one.code for one in found]
        if named and named["code"] in taken:
            raise WordsNotUsable(f"Two options are called {named['code']!r}.")
        found.append(SurveyOption(code=named["code"] if named else code_for(words, taken, "o"), words=words))
    return found


def text_of_options(options: Iterable[SurveyOption]) -> str:
    """The opposite of `options_in`."""
    return "\n".join(f"{one.code} = {' | '.join(lines_of(one.words))}" for one in options)


def code_for(words: Mapping[str, str], taken: Sequence[str], letter: str) -> str:
    """A code from the first words of a sentence that no other has; where they have no Latin letters, a letter and a
    number.

    >>> code_for({"en": "Would you recommend us?"}, ["would_you_recommend_us"], "q")
    'would_you_recommend_us_2'
    """
    plain = (
        slugify(words.get("en", "")).replace("-", "_").lstrip("_0123456789")[: LONGEST_CODE - 4].rstrip("_")
    )
    begin, number = plain or f"{letter}{len(taken) + 1}", 1
    code = begin
    while code in taken:
        number += 1
        code = f"{begin}_{number}"
    return code
