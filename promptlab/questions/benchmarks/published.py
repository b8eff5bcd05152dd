"""The benchmarks that `load_questions` knows by name.

A revision is the commit of the dataset's repository as public projects have recorded it, and so is a file's SHA-256;
that of math500's test file and the second ones (GSM8K's and AIME's at GitHub) were computed from the files. A split
without one is pinned by its revision and its number of questions.
"""

from __future__ import annotations

from collections.abc import Mapping

from promptlab.questions.benchmarks import rows
from promptlab.questions.benchmarks.cards import Benchmark, Split

_GSM8K = ("openai/gsm8k", "740312add88f781978c0658806c59bc2815b9866")
_MATH = ("DigitalLearningGmbH/MATH-lighteval", "0530c78699ea5e8eb5530600900e1f328b48acad")
_AIME = ("AI-MO/aimo-validation-aime", "13f9e12f613e720c2a2b2f345dd04b998a29494d", "data/train-00000-of-00001.parquet")
_AIME_FILE = "025484a99fea498e7d0c3b0ee42afcbec0176405c19c5dbf557b9f6ca6445675"
_GPQA = ("Idavidrein/gpqa", "633f5ee89ab8ad4522a9f850766b73f62147ffdd")
_MMLU_PRO = ("TIGER-Lab/MMLU-Pro", "b189ec765aa7ed75c8acfea42df31fdae71f97be")
_DROP = ("ucinlp/drop", "95cda593fae71b60b5b19f82de3fcf3298c1239c")
_MEDQA = ("GBaker/MedQA-USMLE-4-options", "0fb93dd23a7339b6dcd27e241cb9b5eca62d4d18")

_AIME_COLUMNS = "id,problem,solution,answer,url"
_GPQA_COLUMNS = "Record ID,Question,Correct Answer,Incorrect Answer 1,Incorrect Answer 2,Incorrect Answer 3"
_MMLU_PRO_COLUMNS = "question_id,question,options,answer,cot_content,category,src"
_MEDQA_COLUMNS = "question,options,answer_idx,meta_info"
_DROP_COLUMNS = "section_id,query_id,passage,question"
_CODE_COLUMNS = "question_id,question_title,question_content,platform,contest_date,difficulty,starter_code"

_CARDS = (
    Benchmark(
        name="gsm8k",
        splits={
            "test": Split(
                *_GSM8K, "main/test-00000-of-00001.parquet", 1_319, "question,answer", rows.gsm8k,
                sha256=("ee7b8da9e381df27b9e3f7758a159ab2bdaa4dbaa910546cbbc47e0cb44e4f59",
                        "3730d312f6e3440559ace48831e51066acaca737f6eabec99bccb9e4b3c39d14"),
            ),
            "train": Split(
                *_GSM8K, "main/train-00000-of-00001.parquet", 7_473, "question,answer", rows.gsm8k,
                sha256=("ea82612ea9582142387730c793eb67d3b12849002bc0b7fa6f8efafa7351419d",),
            ),
        },
        kind="number",
        grading="one number, equal in value: no tolerance, no rounding",
        licence="MIT",
        citation="Cobbe et al. 2021, arXiv:2110.14168",
        exemplars="train",
        note="The rationale is the worked solution without its <<calculator>> marks.",
    ),
    Benchmark(
        name="math500",
        splits={
            "test": Split(
                "HuggingFaceH4/MATH-500", "6e4ed1a2a79af7d8630a6b768ec859cb5af4d3be", "test.jsonl", 500,
                "problem,solution,answer,subject,level,unique_id", rows.mathematics, "unique_id",
                ("35dc41080a3680858b27fa7e0533d2d547825316fc5dafe5d316f4ccc5a06132",),
            ),
            "train": Split(
                *_MATH, "data/train-00000-of-00001.parquet", 7_500, "problem,solution,level,type", rows.mathematics,
                sha256=("eca6e667f4305dd5e5ba09b4fd55e7f3174a0fbe361cdfd4c44758b593a76933",),
            ),
        },
        kind="math",
        grading="a LaTeX expression, equal to the gold one by math-verify (extra `maths`)",
        licence="MIT",
        citation="Hendrycks et al. 2021, arXiv:2103.03874; Lightman et al. 2023, arXiv:2305.20050",
        exemplars="train",
        note="The pool is the training split of MATH, whose gold answers stand in the last \\boxed{}.",
    ),
    Benchmark(
        name="aime24",
        splits={
            "test": Split(
                *_AIME, 30, _AIME_COLUMNS, rows.aime_2024, "id",
                (_AIME_FILE, "af2b8bd2aa911b6333ad0df32f3ca05c7ae8ed10f1731f4372c8ae26990bf7ac"),
            ),
            "earlier": Split(*_AIME, 60, _AIME_COLUMNS, rows.aime_before, "id", (_AIME_FILE,)),
        },
        kind="number",
        grading="one whole number from 000 to 999, equal in value (042 is 42)",
        licence="Apache-2.0 as its card declares; the problems are the Mathematical Association of America's",
        citation="American Invitational Mathematics Examination I and II, 2024",
        exemplars="earlier",
        note="One file holds 2022 to 2024. 30 questions: report pass@1 over many samples, and its interval.",
    ),
    Benchmark(
        name="gpqa_diamond",
        splits={
            "test": Split(
                *_GPQA, "gpqa_diamond.csv", 198, f"{_GPQA_COLUMNS},High-level domain,Subdomain", rows.gpqa, "Record ID",
                ("41d1213cd7a4998605a26c2798500652572007161b3a92817ba46b35befcd305",),
            )
        },
        kind="label",
        grading="the letter or the text of a choice",
        licence="CC-BY-4.0, behind a gate: accept its terms at the hub",
        citation="Rein et al. 2023, arXiv:2311.12022",
        gated=True,
        note="Choices in an order that follows from the id. It has a canary: publish no question and no completion.",
    ),
    Benchmark(
        name="mmlu_pro",
        splits={
            "test": Split(
                *_MMLU_PRO, "data/test-00000-of-00001.parquet", 12_032, _MMLU_PRO_COLUMNS, rows.mmlu_pro, "question_id",
                ("0e24a191921c2f453518a537a8b2117bd137e7714d4ef1565e9ba06c1ecb9ad8",),
            ),
            "validation": Split(
                *_MMLU_PRO, "data/validation-00000-of-00001.parquet", 70, _MMLU_PRO_COLUMNS, rows.mmlu_pro,
                "question_id",
            ),
        },
        kind="label",
        grading="the letter or the text of a choice (up to ten)",
        licence="MIT",
        citation="Wang et al. 2024, arXiv:2406.01574",
        exemplars="validation",
        cluster="category",
        note="few_shot(select='own-kind') shows exemplars of the question's category, as published. Choices keep the "
        "file's order: rationales and choices name letters. With 14 clusters, intervals are wide.",
    ),
    Benchmark(
        name="drop",
        splits={
            "test": Split(
                *_DROP, "data/validation-00000-of-00001.parquet", 9_535, _DROP_COLUMNS, rows.drop, "query_id"
            ),
            "train": Split(
                *_DROP, "data/train-00000-of-00001.parquet", 77_400, _DROP_COLUMNS, rows.drop_train, "query_id"
            ),
        },
        kind="drop",
        grading="F1 of the words, numbers by value: a score from 0 to 1, the best over the annotators' answers",
        licence="CC-BY-SA-4.0",
        citation="Dua et al. 2019, arXiv:1903.00161",
        exemplars="train",
        cluster="passage",
        note="The published validation split: test answers are not public. This edition mixes the annotators' spans: "
        "where meta['flattened'] is set, each span counts as an answer, which is lenient. A file that also has columns "
        "answer and validated_answers (as EleutherAI/drop has) keeps the annotators apart.",
    ),
    Benchmark(
        name="medqa",
        splits={
            "test": Split(
                *_MEDQA, "phrases_no_exclude_test.jsonl", 1_273, _MEDQA_COLUMNS, rows.medqa,
                sha256=("c3b905ccfa66152dc25afbcb2c10e86c0bdb208824f0658fcdb2c040f60a2beb",),
            ),
            "train": Split(
                *_MEDQA, "phrases_no_exclude_train.jsonl", 10_178, _MEDQA_COLUMNS, rows.medqa,
                sha256=("3a65baf760f17c395058d6699315a7ce8aa767c50cb193fea87ceb94dd790324",),
            ),
        },
        kind="label",
        grading="the letter or the text of a choice",
        licence="CC-BY-4.0",
        citation="Jin et al. 2020, arXiv:2009.13081",
        exemplars="train",
        note="The four-option USMLE questions. Its pool has no rationales: few_shot(style='answers').",
    ),
    Benchmark(
        name="simpleqa",
        splits={
            "test": Split(
                "basicv8vc/SimpleQA", "e319282ab125c3dbd0c7fd00be2e4dd54e7e8f94", "simple_qa_test_set.csv", 4_326,
                "metadata,problem,answer", rows.simpleqa,
            )
        },
        kind="judge",
        grading="a judge model: not built in, pass your own grader",
        licence="MIT as the mirror's card declares",
        citation="Wei et al. 2024, arXiv:2411.04368",
    ),
    Benchmark(
        name="livecodebench",
        splits={
            "test": Split(
                "livecodebench/code_generation_lite", "0fe84c3912ea0c4d4a78037083943e8f0c4dd505", "test6.jsonl", 175,
                f"{_CODE_COLUMNS},public_test_cases", rows.livecodebench, "question_id",
                ("bb4c364f71921c4495a6ad15abe1a927350b720009f4933e2e71f8af0f6fd1f5",),
            )
        },
        kind="code",
        grading="tests run in a sandbox: not built in, pass your own grader",
        licence="CC, as its card declares",
        citation="Jain et al. 2024, arXiv:2403.07974",
        note="What release v6 added (134 MB, most of it the private tests, which are not loaded).",
    ),
)  # fmt: skip

BENCHMARKS: Mapping[str, Benchmark] = {card.name: card for card in _CARDS}
