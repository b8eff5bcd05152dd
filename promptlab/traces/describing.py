"""What each feature means, and what it cannot tell."""

from __future__ import annotations

VERSION = 2  # of all rules together; `Run.refeature` brings stored features up to it

DESCRIPTIONS = {
    "reasoning_words": "words before the final answer: the reasoning, or else the answer text up to the last place "
    "where the answer stands (all of it when there is no answer)",
    "answer_words": "the other words: from the final answer on",
    "bypassed": "answered without reasoning: fewer than 3 words before the answer or, for a number, no digit there; a "
    "restated question counts as reasoning",
    "verification": "markers of self-verification (wait, let me check, double-check, hmm, aha, actually, on second "
    "thought); the words alone, as version 1 had it: it does not tell whether anything was checked",
    "checks": "how often a check of the own work is announced (let me check, to verify, as a sanity check, Probe:), in "
    "English, Chinese, German, French or Spanish; not in code, nor where the question says it; whether the check is "
    "one, it does not tell",
    "doubts": "how often the output doubts or turns (wait, hmm, no, that is wrong, aha, let me redo this), likewise",
    "changed": "1 where an answer that was stated before a check or a doubt differs from the final one, else 0; "
    "missing where none was stated before one, or the output gives no answer. Stated: after words such as "
    "`the answer is` and in a box; for a number, also by a sentence that begins with `so` or `therefore` and is no "
    "step to what follows",
    "changed_to_right": "of those: from a wrong answer to a right one",
    "changed_to_wrong": "of those: from a right answer to a wrong one",
    "redone": "distinct calculations (two numbers and a result) that the reasoning does more than once",
    "redone_otherwise": "those of them that get more than one result",
    "reasoning_script": "share of the reasoning's letters in another script than the question's; symbols (x, pi, "
    "kg) and what the question says itself do not count; missing where the question has no letters",
    "answer_script": "the same of the answer text",
    "reasoning_foreign": "share of the reasoning's words in sentences of another language in Latin script than the "
    "question's, told by function words of English, German, French, Spanish, Italian, Portuguese and Dutch; single "
    "words are not seen; missing where the question's language cannot be told, 0 where it is in another script",
    "answer_foreign": "the same of the answer text",
    "looped": "share of the output's words in a cycle that is said three times or more in a row, 40 words at least; a "
    "cycle in which a number changes is none",
    "loop_at_end": "whether the output ends in such a cycle",
    "copied_number": "whether exemplar_numbers is above 0",
    "exemplar_numbers": "distinct numbers of the output that stand in the exemplars, but not in the question, its gold "
    "answers, steps or rationale, are not 0 to 10, and do not enter the output right after an equals sign, as a "
    "result (right or wrong); some still agree by chance, so compare with the same model elsewhere",
    "copied_span": "words of the longest passage that the output shares with the exemplars and not with the rest of "
    "the prompt; three or four words agree by chance",
    "copied_answer": "whether the final answer is wrong and stands in the exemplars, but not in the question; for a "
    "number, copied_number must hold as well, since a slip may meet an exemplar's number; never for a label",
    "traces_version": "the version of these rules",
}
