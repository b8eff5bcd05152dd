#!/usr/bin/env bash
# One stage on a GPU machine: smoke, sft, grpo, record or zero. What comes back is packed into $OUT (see README.md).
set -uo pipefail
root=out/r1_miniature
back=${OUT:-out/back}
mkdir -p "$root" "$back"
for first in .gpu/restore/*.tgz.00; do
  [ -e "$first" ] && cat "${first%00}"* | tar xz -C out --skip-old-files
done
train() { python3 -m experiments.r1_miniature.train "$@"; }
record() { python3 -m experiments.r1_miniature.record "$@"; }

# Run several commands at once, each with its output in a file of its own; fails if one of them does.
together() {
  local status=0 pids=() name
  for name in "$@"; do $stage "$name" >"$root/$stage-$name.out" 2>&1 & pids+=($!); done
  for pid in "${pids[@]}"; do wait "$pid" || status=$?; done
  for name in "$@"; do echo "== $stage $name"; tail -n 25 "$root/$stage-$name.out"; done
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
    record r1 --out out/smoke --questions 40 --only zero-shot few-shot-5-one-message || status=$? ;;
  sft)
    stage=train; together plain sft-narrow || status=$?
    together sft || status=$?  # its few-shot prompts are long: three at once do not fit into 80 GB
    pack sft plain sft-narrow sft ;;
  grpo)
    stage=train; together r1-narrow r1 || status=$?; pack grpo r1-narrow r1 ;;
  zero)
    stage=train; together zero || status=$?; pack zero zero ;;
  record)
    stage=record
    together instruct plain sft-narrow || status=$?
    together r1-narrow sft r1 || status=$?
    send recorded r1_miniature/recorded ;;
  *) echo "usage: gpu.sh smoke|sft|grpo|record|zero" >&2; exit 2 ;;
esac
exit $status
