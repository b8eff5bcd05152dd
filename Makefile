# make demo         all set-up, then the main job on the embedded model
# make figures      all set-up, then the figures of a blog post from recorded samples: out/blog_figures/
# make post         all set-up, then the figures of experiments/posts/ from recorded samples
# make test         all set-up, then every check and test but those that need torch
# make test-train   all set-up in .venv-train (1.5 GB), then the tests of the training code
# make test-vllm    all set-up in .venv-vllm (2.3 GB), then the tests with vLLM itself, on the CPU
PYTHON ?= python3
PY := .venv/bin/python
PY_TRAIN := .venv-train/bin/python
PY_VLLM := .venv-vllm/bin/python
EXTRAS := embedded,notebooks,maths,dask,test
EXTRAS_TRAIN := embedded,train
INSTALL := -m pip install --quiet --no-compile --disable-pip-version-check -c constraints.txt

.PHONY: demo figures post test test-train test-vllm lint bench clean
.DELETE_ON_ERROR:

.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "promptlab needs Python >= 3.11; this is " + sys.version.split()[0] + ": make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(PY) $(INSTALL) -e '.[$(EXTRAS)]'
	@touch $@

.venv-train/installed: .venv/installed constraints-train.txt
	$(PYTHON) -m venv .venv-train
	$(PY_TRAIN) $(INSTALL) -c constraints-train.txt -e '.[$(EXTRAS_TRAIN)]' pytest pytest-timeout
	@touch $@

.venv-vllm/installed: .venv/installed constraints-vllm.txt .ci/vllm_stub.py
	$(PYTHON) -m venv .venv-vllm
	$(PY_VLLM) -m pip install --quiet --no-compile --disable-pip-version-check -c constraints-vllm.txt torch
	$(PY_VLLM) -m pip install --quiet --no-compile --disable-pip-version-check --no-deps -r constraints-vllm.txt -e .
	$(PY_VLLM) .ci/vllm_stub.py
	@touch $@

demo: .venv/installed
	@$(PY) -m promptlab fetch smollm2
	@$(PY) -m promptlab demo

figures: .venv/installed
	@mkdir -p out/blog_figures
	$(PY) -m papermill --log-output notebooks/blog_figures.ipynb out/blog_figures/executed.ipynb

post: .venv/installed
	$(PY) -m experiments.r1_miniature.judged --out experiments/posts/figures
	$(PY) -m experiments.r1_miniature.mechanism recorded:plain recorded:sft-narrow recorded:r1-narrow recorded:sft \
		recorded:r1 --out experiments/posts/figures
	$(PY) -m experiments.r1_miniature.posted --out experiments/posts/figures

test: lint
	@$(PY) -m promptlab fetch smollm2
	$(PY) -m pytest -n 2 --dist loadfile

test-train: .venv-train/installed
	@$(PY) -m promptlab fetch smollm2
	$(PY_TRAIN) -m pytest tests/test_r1_miniature.py tests/test_r1_resuming.py

test-vllm: .venv-vllm/installed
	@$(PY) -m promptlab fetch smollm2
	env -u PYTHONDONTWRITEBYTECODE $(PY_VLLM) -m pytest tests/real_vllm tests/test_models_vllm.py

lint: .venv/installed
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

bench: .venv/installed
	$(PY) -m benchmarks.throughput --memory

clean:
	rm -rf .venv .venv-train .venv-vllm out build dist .pytest_cache .hypothesis .mypy_cache .ruff_cache
