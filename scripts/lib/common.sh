# What all scripts share: where things are, how to say things, how to start and stop servers. Sourced, not run.
# shellcheck disable=SC2034 # used by those who source it

set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
TARGET=$ROOT/target
EXTENSION=$TARGET/release/libtelemed.so
FAKE_ZOOM=$TARGET/release/fake-zoom
LEAST_RUST=1.89

source "$ROOT/scripts/lib/machine.sh"
check_machine
choose_php

# rustup's place, which a shell of root's or of CI's may not know.
command -v cargo >/dev/null || PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin

say() { printf '\n== %s\n' "$*"; }
die() {
  printf '\n%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# The extension and fake-zoom. Always both together: the crates they share are then built once, with one set of features.
build_release() {
  (cd "$ROOT" && cargo build --release --locked -p telemed -p fake-zoom)
}

# A TCP port on loopback that is free now.
free_port() {
  # shellcheck disable=SC2016
  php -n -r '$s = stream_socket_server("tcp://127.0.0.1:0"); echo explode(":", stream_socket_get_name($s, false))[1];'
}

# Starts a server in the background: start_process PIDS LOG COMMAND… Sets STARTED to its process id, which is noted in the
# file PIDS. It has a session of its own, so that Ctrl-C reaches the script alone, which then stops things in order.
start_process() {
  local pids=$1 log=$2
  shift 2
  setsid "$@" </dev/null >>"$log" 2>&1 &
  STARTED=$!
  echo "$STARTED $(started_at "$STARTED")" >>"$pids"
}

# When a process started, in the kernel's own count; nothing when it has ended. A number can be given to another process.
started_at() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
  # The name, in parentheses, may hold blanks; Z is a process that has ended and was not yet asked how.
  awk '$1 != "Z" { print $20 }' <<<"${stat##*) }"
}

# Waits until a command succeeds: wait_for SECONDS WHAT LOG COMMAND… Ends the script when the process STARTED has died.
wait_for() {
  local seconds=$1 what=$2 log=$3
  shift 3
  local end=$((SECONDS + seconds))
  until "$@" >/dev/null 2>&1; do
    if [ -z "$(started_at "$STARTED")" ]; then
      tail -n 5 "$log" >&2
      die "$what has ended; see $log"
    fi
    if [ "$SECONDS" -ge "$end" ]; then
      tail -n 5 "$log" >&2
      die "$what did not come up within $seconds seconds; see $log"
    fi
    sleep 0.1
  done
}

# Ends what start_process noted in the file PIDS, the last started first, and waits until it is gone.
stop_processes() {
  local pids=$1 pid start
  while read -r pid start; do
    [ "$(started_at "$pid")" = "$start" ] || continue
    kill "$pid" 2>/dev/null || continue
    for _ in $(seq 150); do
      [ "$(started_at "$pid")" = "$start" ] || continue 2
      sleep 0.1
    done
    kill -9 "$pid" 2>/dev/null || true
  done < <(tac "$pids")
  rm -f "$pids"
}
