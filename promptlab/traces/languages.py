"""How much of a text is in another script or another language than the question."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from functools import lru_cache
from math import nan

# Letters of a script. Two Greek letters or one Latin are a symbol, not a word.
_SCRIPTS = {
    "Latin": "A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ", "Greek": "Ͱ-Ͽἀ-῿", "Cyrillic": "Ѐ-ԯ", "Armenian": "԰-֏", "Hebrew": "֐-׿",
    "Arabic": "؀-ۿݐ-ݿ", "Devanagari": "ऀ-ॿ", "Bengali": "ঀ-৿", "Tamil": "஀-௿", "Telugu": "ఀ-౿", "Thai": "฀-๿",
    "Georgian": "Ⴀ-ჿ", "Hangul": "ᄀ-ᇿ가-힯", "Kana": "぀-ヿ", "Han": "々㐀-䶿一-鿿豈-﫿",
}  # fmt: skip
_SYMBOLS = {"Latin": 1, "Greek": 2}
_RUN = re.compile("|".join(f"(?P<{name}>[{letters}]+)" for name, letters in _SCRIPTS.items()))
_SHARE = 0.2  # of its letters: a script that the question is written in, and does not only quote
_PHRASE = 3  # Latin words in a row: fewer are names, units and code in a text of another script

_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]{1,200}`|\\[A-Za-z]+", re.DOTALL)
_QUOTED = re.compile(r"[\"“„«'‘]([^\"“”„«»\n]{2,300}?)[\"”“»'’]")
_SENTENCE = re.compile(r"[^.!?;:\n…。！？]+")
_WORD = re.compile(rf"[{_SCRIPTS['Latin']}]+")

# Function words, which no text can do without; those that two languages share cancel out where they are compared.
_WORDS = {
    language: frozenset(words.split())
    for language, words in {
        "English": "the of and to in is are was were that this these it he she they we you i his her their not with "
        "for on as at by from have has had be been which what how many much so then than there if or but all can will "
        "would should do does did an a no yes my your each more now into about when who",
        "German": "der die das den dem des ein eine einen einem einer und ist sind war waren nicht mit für auf von zu "
        "zum zur im am an in es er sie wir ihr ich du man hat haben hatte wird werden wurde dass wenn dann also noch "
        "nur auch aber oder wie was wer wo sich bei nach aus um über mehr jetzt alle jede jeder kein keine durch als",
        "French": "le la les un une des du de et est sont était ont que qui quoi dans pour avec sur pas ne il elle ils "
        "elles nous vous je tu on ce cette ces son sa ses leur leurs au aux par plus mais ou où donc si comme alors "
        "combien chaque tout tous toutes fait être avoir en se y a",
        "Spanish": "el la los las un una unos unas de del y es son era fue que qué quien en para con por no se lo le "
        "les su sus al más pero o como si cuando cuántos cuántas cuánto cuántas cada todo todos todas está están tiene "
        "tienen hay ella él ellos nosotros yo entonces porque a ahora",
        "Italian": "il lo la i gli le un uno una di del della dei delle e è sono era che chi cosa in nel nella per con "
        "su non si lui lei noi io loro al alla da dal più ma o come se quando quanti quante ogni tutto tutti ha hanno "
        "quindi questo questa allora ci ne a",
        "Portuguese": "o a os as um uma uns umas de do da dos das e é são era que quem em no na nos nas para com por "
        "não se ele ela eles nós eu seu sua ao à mais mas ou como quando quantos quantas cada tudo todos tem têm há "
        "então porque isso isto está agora",
        "Dutch": "de het een en is zijn was waren dat die dit deze in op van voor met niet te er hij zij ze we wij ik "
        "je jij u heeft hebben had wordt worden als dan dus ook maar of hoe wat wie waar bij naar uit om over meer nu "
        "alle elke geen door aan",
    }.items()
}


class Home:
    """The scripts and the language of a question."""

    def __init__(self, question: str, prompt: str) -> None:
        self.text = question
        self.scripts = _scripts_of(question) or _scripts_of(prompt)
        self.language = _language_of(question) or _language_of(prompt)

    def other_script(self, text: str) -> float:
        """Share of letters in a script that the question is not written in."""
        if not self.scripts:
            return nan
        letters = self._letters(self._own(text))
        foreign = sum(n for script, n in letters.items() if script not in self.scripts)
        return foreign / sum(letters.values()) if foreign else 0.0

    def foreign(self, text: str) -> float:
        """Share of words in sentences of another language in Latin script."""
        if self.scripts and "Latin" not in self.scripts:
            return 0.0
        if not self.language:
            return nan
        sentences = [_WORD.findall(sentence) for sentence in _SENTENCE.findall(self._own(text))]
        words = sum(map(len, sentences))
        return sum(len(s) for s in sentences if self._is_foreign(s)) / words if words else 0.0

    def _own(self, text: str) -> str:
        """The text without code, commands of LaTeX, and quotations of the question."""
        return _QUOTED.sub(lambda found: " " if found[1] in self.text else found[0], _CODE.sub(" ", text))

    def _letters(self, text: str) -> dict[str, int]:
        letters: defaultdict[str, int] = defaultdict(int)  # a Counter takes longer to make than to fill
        for found in _RUN.finditer(text):
            script, run = str(found.lastgroup), found.group()
            if len(run) > _SYMBOLS.get(script, 0) and (
                script in self.scripts or self._counts(script, run, text, found)
            ):
                letters[script] += len(run)
        return letters

    def _counts(self, script: str, run: str, text: str, found: re.Match[str]) -> bool:
        """Whether a run of a foreign script counts: not as a name or unit, nor where the question says it."""
        return run not in self.text and (script != "Latin" or _in_phrase(text, found))

    def _is_foreign(self, words: list[str]) -> bool:
        spoken = [word.lower() for word in _unnamed(words)]
        ours = sum(word in _WORDS[self.language] for word in spoken)
        if len(spoken) <= 2 * ours:
            return False  # no other language can have more of the rest
        for language, known in _WORDS.items():
            theirs = [word for word in spoken if word in known and word not in _WORDS[self.language]]
            if language != self.language and len(theirs) > ours and len(set(theirs)) > 1:
                return True
        return False


@lru_cache(maxsize=1_024)  # the same question comes back for every sample and condition
def home_of(question: str, prompt: str) -> Home:
    """Scripts and language of a question; of the whole prompt where the question alone does not tell."""
    return Home(question, prompt)


def _scripts_of(text: str) -> frozenset[str]:
    counts: Counter[str] = Counter()
    for found in _RUN.finditer(_CODE.sub(" ", text)):
        if len(found.group()) > _SYMBOLS.get(str(found.lastgroup), 0):
            counts[str(found.lastgroup)] += len(found.group())
    main = {script for script, n in counts.items() if n >= _SHARE * counts.total()}
    return frozenset(main | {"Han"} if "Kana" in main else main)


def _language_of(text: str) -> str:
    """The language whose function words are the most; "" where two have as many or there is none."""
    words = [word.lower() for word in _WORD.findall(_QUOTED.sub(" ", text))]
    hits = Counter({language: sum(word in known for word in words) for language, known in _WORDS.items()})
    (first, most), (_, next_most) = hits.most_common(2)
    return first if most > next_most else ""


def _unnamed(words: list[str]) -> list[str]:
    """Without what stands between two capitals: de in Honoré de Balzac."""
    around = zip(["", *words], words, [*words[1:], ""], strict=False)
    return [word for before, word, after in around if not (before[:1].isupper() and after[:1].isupper())]


def _in_phrase(text: str, found: re.Match[str]) -> bool:
    """Whether at least `_PHRASE` Latin words stand in a row around this one."""
    near = text[max(0, found.start() - 40) : found.start()], text[found.end() : found.end() + 40]
    before = re.search(r"(?:[A-Za-z]+[ ,'’\d.-]{1,8})*\Z", near[0])
    after = re.match(r"(?:[ ,'’\d.-]{1,8}[A-Za-z]+)*", near[1])
    others = (before.group() if before else "") + " " + (after.group() if after else "")
    return len(_WORD.findall(others)) + 1 >= _PHRASE
