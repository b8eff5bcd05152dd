"""The tables, open to `pandas.read_sql`, Datasette and the sqlite3 shell; lists and mappings are JSON."""

from __future__ import annotations

VERSION = 1  # PRAGMA user_version; a change of the tables needs a new one

# Features are one JSON object beside the grade that they were computed with: 15 features of 1,000,000 samples are
# 1,000,000 short texts instead of 15,000,000 rows that each repeat a key of 32 characters, a new version of traces.py
# needs no new table, and two graders may coexist, each with the features that go with it.
# `samples` keeps its rowid: its rows are long, and a WITHOUT ROWID tree of long rows is slow.
TABLES = """
CREATE TABLE IF NOT EXISTS questions (
    id TEXT PRIMARY KEY, text TEXT NOT NULL, answers TEXT NOT NULL, kind TEXT NOT NULL, choices TEXT NOT NULL,
    cluster TEXT, meta TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS conditions (name TEXT PRIMARY KEY, factors TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS prompts (
    hash TEXT PRIMARY KEY, messages TEXT NOT NULL, text TEXT, prefill TEXT NOT NULL, exemplars TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS samples (
    key TEXT PRIMARY KEY, question TEXT NOT NULL, condition TEXT NOT NULL, draw INTEGER NOT NULL,
    replicate INTEGER NOT NULL, sample INTEGER NOT NULL, prompt TEXT NOT NULL, seed INTEGER NOT NULL,
    completion TEXT NOT NULL, reasoning TEXT NOT NULL, ending TEXT NOT NULL, finish_reason TEXT NOT NULL,
    prompt_tokens INTEGER, completion_tokens INTEGER, reasoning_tokens INTEGER, cached_tokens INTEGER,
    seconds REAL, error TEXT NOT NULL, origin TEXT NOT NULL, created REAL NOT NULL);
CREATE TABLE IF NOT EXISTS grades (
    key TEXT NOT NULL, grader TEXT NOT NULL, version TEXT NOT NULL, score REAL, answer TEXT NOT NULL,
    answered INTEGER NOT NULL, format_ok INTEGER, why TEXT NOT NULL, features TEXT NOT NULL,
    PRIMARY KEY (key, grader, version));
"""

QUESTION_COLUMNS = ("id", "text", "answers", "kind", "choices", "cluster", "meta")
PROMPT_COLUMNS = ("hash", "messages", "text", "prefill", "exemplars")
SAMPLE_COLUMNS = (
    *("key", "question", "condition", "draw", "replicate", "sample", "prompt", "seed"),
    *("completion", "reasoning", "ending", "finish_reason", "prompt_tokens", "completion_tokens"),
    *("reasoning_tokens", "cached_tokens", "seconds", "error", "origin", "created"),
)
GRADE_COLUMNS = ("key", "grader", "version", "score", "answer", "answered", "format_ok", "why", "features")


def insert(table: str, columns: tuple[str, ...], otherwise: str) -> str:
    """An INSERT of all columns; `otherwise` says what happens to a row that is there already."""
    return f"INSERT OR {otherwise} INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
