"""What was recorded can be sent again to the letter: every prompt of the shipped runs is what is rendered today."""

from __future__ import annotations

import pytest

from experiments.r1_miniature.record import DESIGNS, recorded_questions
from promptlab.assets import find_asset
from promptlab.formats import ANSWER_IS

N = 100  # questions of each


@pytest.mark.parametrize(("name", "design"), [("r1", "conditions"), ("r1-draws", "draws")])
def test_recorded_prompts_are_rendered_as_they_were(name: str, design: str):
    pytest.importorskip("pyarrow")
    from promptlab.records.parquet import prompt_of, read

    stored = read(find_asset(f"data/recorded/{name}.parquet"), only=["condition", "question", "prompt"])
    stored = stored.drop_duplicates(["condition", "question"]).set_index(["condition", "question"])["prompt"]
    questions = recorded_questions(DESIGNS[design].questions)
    for condition in DESIGNS[design].conditions():
        for question in questions[-N:]:
            made = condition.render(question, pool=questions.pool, answer_format=ANSWER_IS)
            assert made.hash == prompt_of(str(stored[condition.name, question.id])).hash
