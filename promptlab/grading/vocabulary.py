"""Words with which texts choose, deny and conclude, in English, German, French, Spanish and Chinese.

Each is a part of the patterns in `marking.py` and `claims.py`, and matches lower case.
"""

from __future__ import annotations

WORD = r"[A-Za-z0-9_\u00c0-\u024f'’]"  # what belongs to one word; Chinese puts no spaces around a letter
ARTICLES = (
    r"(?:(?:the|die|der|la|le|el|l['’]|only|just|simply|either|both|entweder|soit|nur|noch|us|me|with|plus|que)"
    r"\s?){1,3}"
)
OR = r"(?:\b(?:or|oder|ou|o|u)\b|或|还是)"
AND = r"(?:&|\b(?:and|or|und|oder|et|ou|y|o|e|u)\b|和|或|与|及|、)"
TURN = r"(?:but|however|yet|so|hence|thus|therefore|aber|doch|sondern|also|daher|mais|donc|pero|sino)"
BECAUSE = r"(?:because|since|as|rather than|instead of|weil|denn|da|parce|car|puisque|porque|ya que|pues|not(?=\s⟬))"
I_THINK = r"(?:i (?:think|believe|guess|would say)|probably|definitely|clearly|of course)"
CONNECTIVE = (
    r"(?:because|since|as|for|given|due|which|while|whereas|and|but|so|not|here|then|too|over|rather|instead|than|weil|"
    r"da|denn|und|aber|nicht|statt|ist(?=\s?(?:[.,;!]|\Z))|parce|car|puisque|et|mais|pas|plutôt|porque|ya|y|pero|pues|no)"
)

# What is called by a letter, and how that is called the answer
LABEL_NOUN = (
    r"(?:options?|choices?|answer|letter|alternatives?|antwort|buchstabe|opci[óo]n|opciones|respuesta|alternativa|letra|"
    r"réponse|proposition|choix|lettre)"
)
ANSWER = (
    r"(?:answer|ans|option|choice|solution|response|pick|vote|guess|letter|alternative|one (?:that|which)|antwort|"
    r"lösung|réponse|choix|respuesta|opción|solución|alternativa)"
)
HEADING = (
    r"(?:final|correct|right|(?<!second )best|verdict|decision|conclusion|selection|selected|result|output|richtig|"
    r"elimination|korrekt|ergebnis|fazit|correcte|bonne|correct[ao]|conclusión|elección)"
)
# What questions of medicine and science ask for, sometimes the false one
STEP = "(?:step|treatment|therapy|drug|medication|agent|test|study|investigation|intervention|management|approach)"
THING = (
    rf"(?:{STEP}|course of action|diagnosis|cause|etiology|mechanism|finding|explanation|interpretation|statement|"
    r"reagent|exception)"
)
SOUGHT = (
    r"(?:\b(?:most [a-z]+|best|correct|right|true|proper|appropriate|required|next|false|incorrect|untrue)\s"
    rf"(?:[a-z-]{{1,20}}\s){{0,3}}{THING}\b(?!-)|\b(?:exception|odd one out)\b)"
)
THAT = rf"\b(?:{THING}|one|option|choice|answer)\s(?:that|which)\s"
FINAL = r"(?:answer|choice|finale?|correcte?|correct[oa]|definitiva)"
TICK = "[✓✔✅☑]"
CROSS = "[✗✘❌✖✕☒]"
ANSWER_CJK = "(?:答案|正确选项)"

_NOUNS = (  # English words that are little ones elsewhere: a car, a son, a so-called one
    r"(?:\w{1,15}-\w|car\b(?!\s(?:l[ae]s?\b|[lcd]['’]|ils?\b|elles?\b|ce\w{0,3}\b|une?\b|[A-ZÀ-Ý]))"
    r"|son\b(?!\s(?:l[ao]s\b|(?:in)?correct|fals|verdader))|can of\b|rather\b(?! than))"
)
# A before a word of its line is an article unless the word goes on about a label; I stands as a label, or is a pronoun.
NO_ARTICLE = (
    rf"(?!(?:[^\S\n]{{1,3}}|\s{{1,3}}(?=[a-z]))(?:{_NOUNS}|"
    rf"(?!(?:{CONNECTIVE}|or|nor|is|with|ist|est|es|are|was|were|isn|wasn|must|has|would|should|can|cannot|"
    r"could|might|does|seems|looks|fits|works|matches|remains|wins|it is|oder|sind|wäre|passt|ou|sont|convient|"
    r"o|ni|son|encaja|sondern|sino)\b)[^\W\d]))"
)
NO_PRONOUN = r"(?=\s?(?:[).:\]]|\Z|\n|is (?:correct|right)))"

# Denials
NONE = r"\b(?:none|neither|either of|weder|keine?r?s?|aucune?|ninguna?)"
NOT = (
    r"(?:\b(?:not|nor|never|no(?! (?:doubt|question))|cannot|nobody|hardly|nicht|kein\w{0,2}|noch|pas|ni|nunca)"
    r"|\b\w{1,9}n['’]t)"
)
NOT_CJK = "(?:不|没|并非|排除)"
EXCEPT = r"\b(?:all|every|each|none)\b[a-z ]{0,30}\s(?:is|are)\s[a-z ]{1,30},?\s(?:except|but)(?: for)?\s"
UNTRUE_ONE = (
    rf"{THAT}(?:is|are|does|do|has)(?: not|n['’]t) (?:correct|true|right|accurate|valid|supported|belong|fit|apply)\b"
    r"(?: [a-z]{1,20}){0,3} is"
)
AGAINST = (
    r"\b(?:instead of|rather than|unlike|as opposed to|than|over|between|except|besides|"
    r"(?:eliminat|exclud|reject|discard|dismiss)\w{0,4}|(?:rul|cross)\w{0,3} out|statt|zwischen|als|plutôt que|entre|"
    r"élimin\w{1,4}|en lugar de|en vez de|descart\w{1,5})"
)
WRONG = (
    r"(?:(?:an?|one|another)(?: [a-z]+)?|second[ -]best|wrong|incorrect|false|falsche|mauvaise|fausse|incorrecta|"
    r"equivocada)"
)
RANKED = (  # what comes after the answer: "the second most likely is B"; not "the next best step"
    r"(?:(?:second|third|next)[ -](?:most[ -](?:likely|probable|plausible)|likeliest)|(?:second|third)[ -]best"
    rf"|next[ -]best(?!\s(?:[a-z-]{{1,20}}\s){{0,3}}{STEP})|(?:zweit|dritt)(?:best|wahrscheinlichst)e\w?"
    r"|(?:deuxième|second|segund)\w?(?:\s\w{1,20})?\s(?:la |le )?(?:plus|más) probable)"
)
IS_WRONG = (
    r"(?:(?:is|are|was|were|(?:can|must|would|could|might) be|ist|sind|est|sont|es|son|está)\s"
    rf"(?!the (?:false|incorrect|untrue) {THING})"
    r"(?:(?:both|all|also|clearly|obviously|certainly|simply|therefore|thus|then|a|the|beide|auch|aussi)\s){0,2}"
    r"(?:wrong|incorrect|false|untrue|out|eliminated|excluded|ruled out|impossible|implausible|unlikely|tempting|"
    r"(?:just |only )?(?:a )?distractors?|not|falsch|nicht|ausgeschlossen|unmöglich|faux|fausses?|incorrecte?s?|"
    r"impossibles?|pas|incorrect[oa]s?|fals[oa]s?|imposibles?)\b"
    r"|\b(?:isn|aren|wasn|weren|can|does|do|did)['’]t\b|\b(?:cannot|does not|do not|did not|fails?)\b"
    r"|n['’](?:est|ont|a)\b|\bne\s|\bno\s(?:es|son|puede|está)\b|\b(?:not|nicht|pas|no)(?=\s?[,.;!]|\Z)"
    r"|(?:选?项)?(?:都|均|也|是|就是)?(?:不|错|有误|没))"
)
CROSSED = rf"[).:]?\s?{CROSS}(?!\s?[⟦⟨])"  # B) ✗; not B in "✓ B ✗ C"

# Judgements: "B is correct"
BEFORE_SUBJECT = (  # after any other word a letter is a part of a name: plan B
    r"(?:so|hence|thus|therefore|and|both|either|but|that|because|only|clearly|then|think|believe|know|say|conclude|"
    r"find|sure|since|as|while|although|though|yes|no|is|actually|definitely|probably|"
    r"inspection|reflection|dass|nur|also|daher|somit|und|aber|weil|denn|beide|que|donc|seule?|et|mais|car|s[oó]lo|solamente|tanto|y|pero|porque)"
)
BEFORE_SUBJECT_CJK = "(?:所以|因此|因为|故|则|只有|认为|应该|而|但|且|是)"
COPULA = (
    r"(?:is|are|(?:must|has to|would|should|can only)(?: therefore| thus| then)? be|(?<!seem )(?<!appear )to be|"
    r"seems|seems to be|appears to be|looks|ist|sind|wäre|lautet|muss|est|sont|serait|es|son|sería|parece)"
)
ADVERB = (
    r"(?:therefore|thus|hence|indeed|clearly|definitely|certainly|obviously|surely|likely|probably|simply|also|both|"
    r"all|then|actually|most|only|overall|by far|still|now|just|the|eindeutig|wohl|also|nur|la|le|el|donc|bien|"
    r"clairement|claramente|sin duda|la única)"
)
_RIGHT = (
    r"(?:(?:most |more )?(?:correct|right|true|accurate|best|better|plausible|likely|suitable)|most appropriate|"
    r"richtig|korrekt|besser|correcte?s?|juste|exacte?|meilleure?|correct[oa]s?|mejor)"
    r"(?![-\w])(?=[\s)\]\"'”’]{0,3}(?:\Z|[.,;:!\n(…⟬—–])|"
    r"\s(?:because|since|as|given|and|but|so|which|hence|while|whereas|although|not|than|here|overall|too|then|answer|"
    r"choice|option|one|solution|fit|match|of (?:the (?:two|three|four|options|choices|rest)|them|these|all)|"
    r"weil|da|denn|und|aber|antwort|parce|car|puisque|et|mais|réponse|porque|ya|y|"
    r"pero|respuesta|opción)\b)"
)
RIGHT_ONE = (
    r"(?:(?:single|only|one|most(?: \w+)?|very|correct|right|best|better|final|true|proper|likely|plausible|accurate|"
    r"suitable|appropriate|richtige|korrekte|beste|einzige?|bonne|seule|meilleure|única|mejor)\s){0,3}"
)
PREDICATE = (
    rf"(?:{_RIGHT}|(?:the|my|our|die|der|das|meine|la|le|ma|notre|el|lo|mi|nuestra)\s(?:{_RIGHT}|{RIGHT_ONE}"
    r"(?:answer|choice|option|solution|pick|fit|match|one(?!\sof)|antwort|lösung|wahl|richtige|korrekte|beste|réponse|"
    rf"bonne|choix|meilleure|juste|respuesta|opción|solución|elección|correcta|mejor)\b(?![-\w]|\sto\b)|{SOUGHT}))"
    r"(?!(?:\s(?:answer|choice|option|one))?\s(?:only )?(?:if|unless)\b)"
)
PREDICATE_CJK = r"\s?(?:项|选项)?\s?(?:是|为|才是|就是|都|均)?\s?(?:唯一|最)?(?:正确|对的|正解|答案|合适|符合|合理)"
ITSELF = r"[:.]\s(?:this|it|that)(?:\s(?:option|choice|answer|one))?"  # B) Paris: this is the best
FITS = (
    r"(?:(?:fits|matches|works|applies|is) (?:best|better)|fits|matches|works|applies|remains|wins|it is|is left|is it|"
    r"makes (?:the most|more) sense|passt(?: am besten| besser)?|bleibt(?: übrig)?|convient(?: le mieux| mieux)?|"
    r"encaja(?: mejor)?)(?=\s?[.,;!)]|\Z|\n|\s(?:because|since|than|weil|car|porque)\b)"
)

# Conclusions: "I choose B", "it is B", "so B", "which leaves B", "not A but B"
CHOOSE = (
    r"(?:(?:(?:i|we|you)(?:['’](?:d|ll|m|ve|re))?|let['’]s|let us|let me)\s(?:(?:would|will|must|should|shall|can|have|"
    r"am|are|going to|to|do|therefore|thus|hence|then|now|simply|just|definitely|rather|finally|still|also|so|want|"
    r"need|ultimately|probably)\s){0,3}(?:choos(?:e|ing)|chose|chosen|pick(?:ed|ing)?|select(?:ed|ing)?|recommend|"
    r"tak(?:e|ing)|go(?:ing)? (?:with|for)|went (?:with|for)|opt(?:ed)? for|settled? (?:on|for)|vote for|say|"
    r"answer(?: with)?|mark|meant|bet on|lean(?:ing)? (?:towards?|to)|confident in|guess|think|believe|conclude|"
    r"(?:think|guess) it['’]s)"
    r"|(?:ich |wir )?(?:wählen?|nehmen?|stimmen? für|tippen? auf|sagen?|würde sagen|entscheide mich (?:\w{1,9} )?für)|"
    r"(?:je |j['’]|nous )?(?:choisi(?:s|rais|ssons)|prends|"
    r"opte pour|sélectionne|retiens|dirais)|(?:yo )?(?:elijo|elegiría|elegimos|escojo|escogería|selecciono|opto por|"
    r"me quedo con|voto por|diría|respondo))"
)
IMPERATIVE = r"(?:(?:please|must|should|just|now)\s)?(?:choose|pick|select|go with)"
CORRESPONDS = r"(?:this|that|which|it)\s(?:matches|corresponds to|agrees with)"
CHOOSE_CJK = "(?:选择|选)"
POINTER = (
    r"(?:(?:it|this|that|answer|one)(?:['’]s|\s(?:is|was|must be|has to be|would be|should be|can only be))"
    r"(?:\s(?:therefore|thus|clearly|definitely|probably|most likely|simply|obviously))?"
    r"|(?:es|das) (?:ist|muss|wäre)|c['’]est|il s['’]agit de|ce doit être|se trata de|es|debe ser|sería)"
)
HENCE = (
    r"(?:so|hence|thus|therefore|consequently|accordingly|ergo|wait|actually|sorry|correction|in conclusion|daher|"
    r"somit|folglich|deshalb|demnach|donc|ainsi|par conséquent|así que|por (?:lo )?tanto|entonces|por eso|"
    r"en conclusión)"
)
HENCE_CJK = "(?:所以|因此|故|综上|就是|是)"
OPENER = r"(?:and|so|but|now|then|thus|hence|therefore|ok|okay|well|yes|finally|here|is|und|also|et|donc|y|entonces)"
FIRST = (  # at the head of a sentence only
    r"(?:finally|final|overall|after (?:[a-z]{1,20}\s){0,3}(?:(?:re-?)?checking|review|reflection|consideration)|no|"
    r"rather|instead|definitely|clearly|obviously|probably|certainly|surely|most likely|also|sicher|alors|finalement|"
    r"luego)"
)
LEAVES = r"(?:leav(?:es|ing)|left with|bleibt|übrig bleibt|reste|queda)"
BUT = r"(?:but|sondern|mais|sino|而是|rather)(?:\s(?:rather|instead|it is|is|it['’]s|eher|plutôt|bien|más bien))?"

# What takes a claim back: a supposition, another's opinion, a word of correction
IF = r"(?:if|unless|whether|suppos(?:e|ing)|assum(?:e|ing)|let(?!['’]s| us| me)|wenn|falls|ob|angenommen|si|supongamos)"
UNREAL = r"\b(?:(?:if it (?:were|was)|were it) not|if it (?:weren|wasn)['’]t) for\b"  # of a whole sentence
IF_CJK = "如果|若|假设|是否"
THEN_CJK = r"(?:如果|假如|若|假设)[^.;!?\n]*,\s?(?:则|那么|就)[^,]{0,20}\Z"  # if there were fever, then
SURE = "".join(f"(?<!{word} )" for word in ("no", "any", "without", "without a", "beyond", "little", "not", "n't"))
HEDGE = (
    rf"(?:might|may|could|{SURE}doubt\w{{0,3}}|unsure|not sure|unlikely|tempt(?:ing|ed)|easy to|"
    r"wrong to|mistake to|at first|first (?:thought|answer|guess|choice)|initially|originally|thought|guessed|says|"
    r"claims|thinks|believes|argues|suggests|insists|könnte|bezweifle|pourrait|doute|podría|dudo|"
    r"(?:common|popular) (?:answer|choice|guess)|(?:false|untrue|incorrect|not (?:true|correct|the case)) that|"
    r"(?<!the )(?:some|many|most|people|students|others|one|you|they|manche|viele|certains|algunos)(?: \w+){0,2} "
    r"(?:say|think|believe|claim|argue|choose|pick|answer))"
)
CORRECTION = (
    r"(?:no|wait|hmm+|actually|correction|sorry|scratch that|on second thoughts?|on reflection|rather|nein|halt|"
    r"moment|non|attendez|espera|mejor dicho)"
)
CORRECTION_CJK = "不对|等等|更正"
