"""A saved run as large as they come, made by the database itself: 5,000 questions x 10 conditions x 8 samples."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import promptlab as lab
from local_models import SAMPLING, LocalModel

CONDITIONS = [lab.zero_shot(name=f"condition-{i}", instruction=f"Instruction {i}.") for i in range(10)]
_ROWS = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {questions} - 1)
INSERT INTO questions SELECT 'q' || i, 'What is ' || i || ' + ' || i || '?', '["' || (2 * i) || '"]', kind, choices,
    NULL, meta FROM n, questions WHERE id = 'q0';
CREATE TEMP TABLE k AS WITH RECURSIVE k(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM k WHERE i < 7) SELECT i FROM k;
INSERT INTO samples SELECT c.name || q.id || '/' || k.i, q.id, s.condition, 0, 0, k.i, prompt, seed, {text}, reasoning,
    ending, finish_reason, 20, 90, NULL, NULL, 1.0, '', '', created
FROM conditions c JOIN samples s ON s.condition = c.name AND s.question = 'q0', questions q, k
WHERE q.id != 'q0' OR k.i > 0;
INSERT INTO grades SELECT s.key, grader, version, (abs(random()) % 10 < 6) + 0.0, answer, 1, NULL, why, features
FROM samples s JOIN grades g ON g.key = (SELECT key FROM samples f WHERE f.question = 'q0' AND f.sample = 0
    AND f.condition = s.condition) WHERE s.question != 'q0' OR s.sample > 0;
"""


def make_large_run(folder: Path, questions: int = 5_000) -> Path:
    """Its scores are drawn by chance."""
    first = [{"id": "q0", "question": "What is 0 + 0?", "answer": 0}]
    run = lab.run(LocalModel(), CONDITIONS, lab.load_questions(first), sampling=SAMPLING, path=folder, progress=False)
    text = "'Let me check: ' || q.text || ' ' || hex(zeroblob(60)) || '. The answer is ' || k.i || '.'"
    with sqlite3.connect(run.path / "samples.sqlite") as db:
        db.executescript(_ROWS.format(questions=questions, text=text))
    return run.path
