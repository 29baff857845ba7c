#!/usr/bin/env bash
# What scripts/install and scripts/package would install on a machine where nothing is there yet: apt-get and dpkg-query are
# replaced by ones that have no package and write down what they are asked for.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
failed=

stand_in() {
  cat >"$place/bin/$1"
  chmod 755 "$place/bin/$1"
}
mkdir "$place/bin"
stand_in dpkg-query <<<'#!/bin/sh
exit 1'
stand_in id <<<'#!/bin/sh
echo 0'
# The script that asked ends here.
stand_in apt-get <<SH
#!/bin/sh
[ "\$1" = install ] || exit 0
shift
printf '%s\n' "\$@" >"$place/asked"
exit 100
SH

check() {
  if "${@:2}"; then
    echo "ok      $1"
  else
    echo "FAILED  $1"
    failed=yes
  fi
}
asked_for() { grep -qxE -e "$1" "$place/asked"; }
same() { [ "$1" = "$2" ]; }
not_asked_for() { ! grep -E -e "$1" "$place/asked"; }

for script in install package; do
  for version in "" 8.4 8.4.27; do
    php=$(PATH=$place/bin:$PATH PHP_VERSION=$version bash -c "source '$root/scripts/lib/common.sh'; echo \$PHP_VERSION")
    rm -f "$place/asked"
    status=0
    PATH=$place/bin:$PATH PHP_VERSION=$version "$root/scripts/$script" >"$place/log" 2>&1 || status=$?
    name="scripts/$script, PHP_VERSION='$version'"
    [ -f "$place/asked" ] || cat "$place/log"
    check "$name: ends where apt-get fails" same "$status" 1
    check "$name: asks for PHP $php" asked_for "php${php/./\\.}-dev"
    check "$name: asks for no other PHP" same "$(sed -nE 's/^php([0-9.]+)-.*/\1/p' "$place/asked" | sort -u)" "$php"
    check "$name: asks for no server, browser or tool of tests" not_asked_for 'mariadb|mysql|nginx|apache|fpm|chromium|node|npm|valgrind|phpunit'
  done
done
check "8.4.27 means 8.4" same "$php" 8.4
[ -z "$failed" ]
