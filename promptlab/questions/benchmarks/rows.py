"""How a row of each benchmark's file becomes a question; what a reader does not name (a canary, a comment) stays out.

A reader gets a row and the question's id. None: the row belongs to another split of the same file.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import permutations
from random import Random
from typing import Any

from promptlab.choices import options_of
from promptlab.errors import InputError
from promptlab.types import Question

Row = Mapping[str, Any]

_CALCULATOR = re.compile(r"<<[^<>\n]*>>")
_CONCLUSION = re.compile(r"\s*The answer is \(?[A-J]\)?\.?\s*\Z")
_BOXED = re.compile(r"\\f?boxed\s*(?=\{)")


def gsm8k(row: Row, name: str) -> Question:
    worked, mark, gold = str(row["answer"]).rpartition("####")
    if not mark:
        raise ValueError("its answer has no ####, behind which the gold answer stands")
    rationale = _CALCULATOR.sub("", worked).strip()
    return Question(name, _text(row["question"]), (gold.strip(),), "number", meta={"rationale": rationale})


def mathematics(row: Row, name: str) -> Question:
    """MATH-500, and the rest of MATH, whose rows have no `answer` and call the `subject` their `type`."""
    solution = _text(row["solution"])
    gold = _text(row["answer"]) if "answer" in row else last_boxed(solution)
    meta = {"rationale": solution, "subject": str(row.get("subject", row.get("type"))), "level": str(row["level"])}
    return Question(name, _text(row["problem"]), (gold,), "math", meta=meta)


def aime_2024(row: Row, name: str) -> Question | None:
    return _aime(row, name) if "/2024_AIME" in str(row["url"]) else None


def aime_before(row: Row, name: str) -> Question | None:
    return None if "/2024_AIME" in str(row["url"]) else _aime(row, name)


def _aime(row: Row, name: str) -> Question:
    meta = {"rationale": _text(row["solution"]), "url": _text(row["url"])}
    return Question(name, _text(row["problem"]), (_text(row["answer"]),), "number", meta=meta)


def gpqa(row: Row, name: str) -> Question:
    """The file has the right answer first."""
    given = [_text(row[column]) for column in ("Correct Answer", *(f"Incorrect Answer {i}" for i in (1, 2, 3)))]
    order = _fair_order(given, name)
    meta = {"order": order, "domain": _text(row["High-level domain"]), "subdomain": _text(row["Subdomain"])}
    return _choice(name, row["Question"], [given[i] for i in order], "ABCD"[order.index(0)], meta)


def _fair_order(given: Sequence[str], name: str) -> list[int]:
    """An order by the id alone, in which no choice reads as another one's letter (some are called a, b, c and d)."""
    orders = list(permutations(range(len(given))))
    Random(f"choices/{name}").shuffle(orders)
    return list(next((order for order in orders if _clear([given[i] for i in order])), orders[0]))


def _clear(choices: Sequence[str]) -> bool:
    try:
        options_of(tuple(choices))
    except InputError:
        return False
    return True


def mmlu_pro(row: Row, name: str) -> Question:
    worked = _optional(row["cot_content"]).removeprefix("A: ").removeprefix("Let's think step by step. ")
    rationale = _CONCLUSION.sub("", worked).strip()
    meta = {"source": _text(row["src"])} | ({"rationale": rationale} if rationale else {})
    return _choice(name, row["question"], _texts(row["options"]), row["answer"], meta, _text(row["category"]))


def medqa(row: Row, name: str) -> Question:
    choices = [_text(row["options"][letter]) for letter in "ABCD"]
    return _choice(name, row["question"], choices, row["answer_idx"], {"step": _text(row["meta_info"])})


def _choice(
    name: str, text: Any, choices: Sequence[str], answer: Any, meta: Mapping[str, Any], cluster: str | None = None
) -> Question:
    """`order`: where each choice stood in the file."""
    meta = {"order": list(range(len(choices)))} | dict(meta)
    return Question(name, _text(text), (_text(answer),), "label", tuple(choices), cluster, meta)


def drop(row: Row, name: str) -> Question:
    """Each answer is one annotator's whole answer; several spans of one answer are joined by "; "."""
    if "validated_answers" in row:
        answers, flat = [_drop_answer(one) for one in _annotated(row)], False
    else:
        answers, flat = _flat_answers(row["answers_spans"], whole=False)
    return _drop(row, name, answers, {"flattened": True} if flat else {})


def drop_train(row: Row, name: str) -> Question:
    """A train row has one annotator's answer."""
    if "validated_answers" in row:
        return _drop(row, name, [_drop_answer(row["answer"])], {})
    return _drop(row, name, _flat_answers(row["answers_spans"], whole=True)[0], {})


def _drop(row: Row, name: str, answers: Iterable[str], meta: Mapping[str, Any]) -> Question:
    text = f"{_text(row['passage'])}\n\n{_text(row['question'])}"
    different = tuple(dict.fromkeys(answer for answer in answers if answer))
    return Question(name, text, different, "drop", cluster=_text(row["section_id"]), meta=meta)


def _annotated(row: Row) -> Iterable[Row]:
    """The first annotator's answer and the others', which stand in columns of a struct or in a list."""
    others = row["validated_answers"]
    yield row["answer"]
    if isinstance(others, Mapping):
        fields = ("number", "date", "spans")
        yield from ({key: others[key][i] for key in fields} for i in range(len(others["number"])))
    else:
        yield from others


def _drop_answer(answer: Row) -> str:
    number, date = _optional(answer["number"]), [_optional(answer["date"].get(key)) for key in ("day", "month", "year")]
    return number or " ".join(filter(None, date)) or "; ".join(_texts(answer["spans"]))


def _flat_answers(answers: Row, whole: bool) -> tuple[list[str], bool]:
    """The answers, and whether several different spans stand there of which nobody knows who gave which."""
    spans = list(dict.fromkeys(_texts(answers["spans"])))
    if whole:
        return ["; ".join(spans)], False
    return spans, len(spans) > 1 and "span" in _texts(answers["types"])


def simpleqa(row: Row, name: str) -> Question:
    told = ast.literal_eval(str(row["metadata"]))  # a literal only: nothing is run
    meta = {"topic": str(told["topic"]), "answer_type": str(told["answer_type"])}
    return Question(name, _text(row["problem"]), (_text(row["answer"]),), "judge", meta=meta)


def livecodebench(row: Row, name: str) -> Question:
    """The answer is what a program is checked against: the public tests, as the file's JSON."""
    starter = _optional(row["starter_code"])
    text = _text(row["question_content"]) + (f"\n\nStart from this code:\n{starter}" if starter else "")
    meta = {key: _text(row[key]) for key in ("question_title", "platform", "difficulty", "contest_date")}
    return Question(name, text, (_text(row["public_test_cases"]),), "code", meta=meta)


def last_boxed(solution: str) -> str:
    r"""What stands in the last ``\boxed{...}``; "" without one.

    Examples
    --------
    >>> last_boxed(r"First \boxed{1}, so $\boxed{\frac{1}{2}}$.")
    '\\frac{1}{2}'
    """
    found = list(_BOXED.finditer(solution))
    if not found:
        return ""
    depth, start = 0, found[-1].end()
    for at, character in enumerate(solution[start:], start):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth == 0:
            return solution[start + 1 : at].strip()
    return ""


def _text(cell: Any) -> str:
    """A cell that must say something: None and NaN are refused."""
    if cell is None or cell != cell:
        raise ValueError("an empty cell")
    return str(cell).strip()


def _optional(cell: Any) -> str:
    return "" if cell is None or cell != cell else _text(cell)


def _texts(cells: Iterable[Any]) -> list[str]:
    return [_text(cell) for cell in cells]
