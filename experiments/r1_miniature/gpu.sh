#!/usr/bin/env bash
# One stage on a GPU machine: smoke, sft, grpo, zero or record MODELS. What comes back is packed into $OUT (see README.md).
set -uo pipefail
root=out/r1_miniature
back=${OUT:-out/back}
mkdir -p "$root" "$back"
for first in .gpu/restore/*.tgz.00; do
  [ -e "$first" ] && cat "${first%00}"* | tar xz -C out --skip-old-files
done
train() { python3 -m experiments.r1_miniature.train "$@"; }
record() { python3 -m experiments.r1_miniature.record "$@"; }

# Run a stage for several models, two a GPU at a time, each with its output in a file of its own; fails if one fails.
gpus=$(nvidia-smi -L 2>/dev/null | grep -c .); gpus=$((gpus > 0 ? gpus : 1))
together() {
  local stage=$1 status=0 started=0 pids=() names=() name; shift
  for name in "$@"; do
    CUDA_VISIBLE_DEVICES=$((started % gpus)) $stage "$name" >"$root/$stage-$name.out" 2>&1 &
    pids+=($!); names+=("$name"); started=$((started + 1))
    if [ ${#pids[@]} -eq $((2 * gpus)) ] || [ $started -eq $# ]; then
      for pid in "${pids[@]}"; do wait "$pid" || status=$?; done
      for name in "${names[@]}"; do echo "== $stage $name"; tail -n 25 "$root/$stage-$name.out"; done
      pids=(); names=()
    fi
  done
  return $status
}
# The finished adapter of each model, or its checkpoint, with logs and curves.
pack() {
  local archive=$1 name files=(); shift
  for name in "$@"; do
    files+=(r1_miniature/"$name"/{log.txt,curve.csv,dev.csv,recipe.json})
    if [ -e "$root/$name/adapter.gguf" ]; then files+=("r1_miniature/$name/adapter.gguf")
    else files+=(r1_miniature/"$name"/{adapter,exp_avg,exp_avg_sq,state}.pt); fi
  done
  send "$archive" "${files[@]}"
}
# Files below out/ as NAME.tgz.00, .01, ...: no piece is larger than may come back.
send() {
  local archive=$1; shift
  (cd out && tar cz $(ls -d "$@" 2>/dev/null)) | split -b 15M -d - "$back/$archive.tgz."
  ls -l "$back/$archive".tgz.*
}

status=0
case ${1:-} in
  smoke)
    nvidia-smi --query-gpu=name,memory.used --format=csv,noheader
    python3 -m pytest -q -p no:cacheprovider tests/test_r1_miniature.py -m "not slow" || status=$?
    rm -rf out/smoke
    train sft --out out/smoke --steps 8 --set sft.questions=1024 --dev 40 || status=$?
    train r1 --out out/smoke --steps 3 --dev 40 --set grpo.dev_every=2 || status=$?
    record r1 --out out/smoke --questions 40 --only zero-shot r1-zero few-shot-5-one-message || status=$? ;;
  sft) together train plain sft sft-narrow plain-robust || status=$?; pack sft plain sft sft-narrow plain-robust ;;
  grpo) together train r1-narrow r1 || status=$?; pack grpo r1-narrow r1 ;;
  zero) together train zero || status=$?; pack zero zero ;;
  record) together record "${@:2}" || status=$?; send recorded r1_miniature/recorded ;;
  *) echo "usage: gpu.sh smoke|sft|grpo|zero|record MODELS" >&2; exit 2 ;;
esac
exit $status
