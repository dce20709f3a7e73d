#!/usr/bin/env bash
# What tailnas does on a GPU, in one call of ten minutes: build, parity with the CPU, resume, time beside PyTorch, a
# short search; ends with one table. docs/gpu.md says what it needs.
#
#   scripts/gpu-check.sh [--device cuda] [--out gpu-check]
#
# --device cpu runs every part at tiny sizes on a machine without a GPU: a test of this script, not of a GPU.
# shellcheck disable=SC2016 # JavaScript between single quotes is not for the shell
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
self=scripts/$(basename "$0")

device=cuda
out=gpu-check
only=
while [ $# -gt 0 ]; do
  case "$1" in
    --device) device=${2:?--device needs a name: cpu, cuda or cuda:N} && shift 2 ;;
    --out) out=${2:?--out needs a folder} && shift 2 ;;
    --part) only=${2:?} && shift 2 ;; # of this script itself: a part that is several commands, so that it has a limit
    *) echo "usage: scripts/gpu-check.sh [--device cpu|cuda|cuda:N] [--out <folder>]" >&2 && exit 2 ;;
  esac
done
mkdir -p "$out" || exit 1
[ -n "$only" ] || rm -rf "$out"/runs "$out"/*.txt "$out"/*.json "$out"/table.md

# A libtorch beside the one that this version of tailnas is tested with; the kernels for CPUs play no part on a GPU.
export TAILNAS_ANY_TORCH=1
python=${TAILNAS_PYTHON:-python3}
tailnas=(node dist/cli/main.js)
typescript=(node --import tsx)

if [ "$device" = cpu ]; then
  sizes=(--batch 2 --channels 4 --layers 3 --nodes 2 --image 16 --steps 2 --threads 1)
  tiny=(--batch 2 --channels 4 --layers 3 --nodes 2 --image 16)
  search=(--scale smoke --channels 2 --layers 3 --nodes 1 --batch-size 8 --epochs 1 --steps 2)
  resumed=(--channels 2 --layers 3 --nodes 1 --batch-size 8)
  darts=() hls=()
  patience=5
else
  sizes=(--channels 16 --layers 8 --steps 20 --threads 4)
  tiny=(--batch 8 --channels 8 --layers 4)
  search=(--scale paper --epochs 1 --steps 60)
  resumed=()
  darts=(--batch 64) hls=(--batch 128)
  patience=1 # all limits together are less than ten minutes
fi

rows=()
failures=0
# part <limit in seconds> <name> <command …>: runs it, keeps what it says, and adds the last line to the table.
part() {
  local limit=$(($1 * patience)) name=$2 file began seconds said state
  shift 2
  file="$out/$(echo "$name" | tr -c 'a-z0-9\n' '-').txt"
  echo "== $name" >&2
  began=$(date +%s)
  if timeout --kill-after=10 "$limit" "$@" >"$file" 2>"$file.err"; then state=ok; else state="failed ($?)" && failures=$((failures + 1)); fi
  seconds=$(($(date +%s) - began))
  said=$(tail -n 1 "$file")
  [ "$state" = ok ] || said="$said $(tail -n 2 "$file.err" | tr '\n' ' ')"
  cat "$file.err" >>"$file" && rm "$file.err"
  rows+=("| $name | $state | $(echo "$said" | cut -c1-240 | sed 's/|/\\|/g') | $seconds |")
  echo "   $state, $seconds s: $said" >&2
}

# The same search once through, and once ended by a signal and resumed; prints how far the two are apart.
resume() {
  local runs=$out/runs pid code
  local -a run=("${tailnas[@]}" search hls --scale smoke --epochs 3 --steps 8 --device "$device" --threads 1 --checkpoint-minutes 0 "${resumed[@]}")
  "${run[@]}" --out "$runs/whole" >/dev/null || return 1
  "${run[@]}" --out "$runs/stopped" >/dev/null &
  pid=$!
  # Killed, not asked to stop: what counts is what was saved.
  while kill -0 "$pid" 2>/dev/null && [ ! -s "$runs/stopped/metrics.jsonl" ]; do sleep 0.2; done
  kill -KILL "$pid" 2>/dev/null
  wait "$pid" 2>/dev/null
  code=$?
  [ "$code" -eq 137 ] || echo "the run ended by itself ($code) before it was killed" >&2
  "${tailnas[@]}" resume "$runs/stopped" >/dev/null || return 1
  node -e '
    const fs = require("node:fs");
    const read = (run) => fs.readFileSync(`${process.argv[1]}/${run}/metrics.jsonl`, "utf8").trim().split("\n").map(JSON.parse);
    const [whole, stopped] = [read("whole"), read("stopped")];
    if (whole.length !== stopped.length) throw new Error("not as many epochs");
    const apart = Math.max(...whole.map((r, i) => Math.abs(r.trainLoss - stopped[i].trainLoss) / Math.abs(r.trainLoss)));
    console.log(JSON.stringify({ epochs: whole.length, largestRelativeDifferenceOfLoss: apart, isEqual: apart === 0 }));
  ' "$runs"
}

# A short search at its own size; prints its time per step and its memory.
short_search() {
  "${tailnas[@]}" search hls --data mnist "${search[@]}" --device "$device" --quiet --out "$out/runs/search" >/dev/null || return 1
  node -e '
    const fs = require("node:fs");
    const [record] = fs.readFileSync(`${process.argv[1]}/metrics.jsonl`, "utf8").trim().split("\n").map(JSON.parse);
    const { seconds, imagesPerSecond, peakMemoryBytes, trainLoss } = record;
    console.log(JSON.stringify({ secondsOfEpoch: seconds, imagesPerSecond, peakMemoryBytes, trainLoss }));
  ' "$out/runs/search"
}

if [ -n "$only" ]; then
  "$only"
  exit
fi

card=$(nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2>/dev/null || echo 'no nvidia-smi')
torch=$("$python" -c 'import torch; print(torch.__version__, "cuda", torch.version.cuda, torch.cuda.is_available())' 2>/dev/null || echo none)

part 150 'build' "${tailnas[@]}" setup
part 10 'doctor' "${tailnas[@]}" doctor
for method in darts hls; do
  part 30 "parity of $method" "${typescript[@]}" bench/device-parity.ts --device "$device" --method "$method" "${tiny[@]}"
done
part 70 'resume' "$self" --device "$device" --out "$out" --part resume
for method in darts hls; do
  if [ "$method" = hls ]; then of=("${hls[@]}"); else of=("${darts[@]}"); fi
  part 25 "step of $method, tailnas" "${typescript[@]}" bench/own-step.ts --device "$device" --method "$method" "${sizes[@]}" "${of[@]}"
  if [ "$torch" = none ]; then
    rows+=("| step of $method, PyTorch | left out | $python has no torch; name one in TAILNAS_PYTHON | 0 |")
    continue
  fi
  for layout in nchw channels_last; do
    part 25 "step of $method, PyTorch eager $layout" \
      "$python" bench/pytorch/step_time.py --device "$device" --layout "$layout" --method "$method" "${sizes[@]}" "${of[@]}"
  done
  if [ "$device" = cpu ]; then
    rows+=("| step of $method, PyTorch CUDA graph | left out | there are no CUDA graphs on a CPU | 0 |")
  else
    part 25 "step of $method, PyTorch CUDA graph" \
      "$python" bench/pytorch/step_time.py --device "$device" --graph --layout channels_last --method "$method" "${sizes[@]}" "${of[@]}"
  fi
done
part 90 'short search' "$self" --device "$device" --out "$out" --part short_search

{
  echo "# tailnas on $device"
  echo
  echo "Card: $card. PyTorch: $torch. Node $(node --version). tailnas $(git rev-parse --short HEAD 2>/dev/null || echo 'without git')."
  [ "$device" = cpu ] && echo 'A dry run at tiny sizes on a CPU: it says that the script works, and nothing of a GPU.'
  echo
  echo '| part | state | what it said | seconds |'
  echo '|------|-------|--------------|--------:|'
  printf '%s\n' "${rows[@]}"
} | tee "$out/table.md"
[ "$failures" -eq 0 ]
