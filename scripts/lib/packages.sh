# The Debian packages that the project needs, and how they get here. Sourced, not run.

# What building the extension takes and nothing more, for it is also built on servers.
BUILD_PACKAGES=(ca-certificates gcc libc6-dev libclang-dev "php$PHP_VERSION-cli" "php$PHP_VERSION-dev")
# What a site that runs here takes.
SITE_PACKAGES=(
  curl mariadb-server nginx openssl
  "php$PHP_VERSION-curl" "php$PHP_VERSION-fpm" "php$PHP_VERSION-gd" "php$PHP_VERSION-intl" "php$PHP_VERSION-mbstring"
  "php$PHP_VERSION-mysql" "php$PHP_VERSION-xml" "php$PHP_VERSION-zip"
)

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Installs what is missing: install_packages PACKAGE… Services are not started, now or at boot: the scripts run their own.
install_packages() {
  local missing=() package
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "Installing Debian packages: ${missing[*]}"
  [ "$(id -u)" = 0 ] || die "not root. Run once as root: apt-get install --no-install-recommends ${missing[*]}"
  local log=$TARGET/apt.log
  mkdir -p "$TARGET"
  if ! apt_get_quietly "${missing[@]}" >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    die "the packages could not be installed; see $log"
  fi
}

# In a shell of its own, whose end takes the policy away again, however it comes.
apt_get_quietly() (
  policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    trap 'exit 130' INT TERM
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
  fi
  apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" || return 1
  # Their packages have enabled them for the next start of the machine.
  for package in "$@"; do
    case $package in
      mariadb-server) service=mariadb ;;
      nginx | php*-fpm) service=$package ;;
      *) continue ;;
    esac
    DPKG_MAINTSCRIPT_PACKAGE=$package deb-systemd-helper disable "$service.service" || return 1
    [ ! -e "/etc/init.d/$service" ] || update-rc.d "$service" disable || return 1
  done
)

# Chromium, Node.js and what drives the browser, only for the tests that use them.
install_browser() {
  install_packages chromium
  # Where Node.js came from elsewhere, npm is part of it.
  command -v npm >/dev/null || install_packages nodejs npm
  local place=$ROOT/php-tests/browser
  if ! cmp -s "$place/package-lock.json" "$place/node_modules/.installed-lock.json"; then
    say "Installing what drives the browser"
    (cd "$place" && npm ci --no-audit --no-fund --loglevel=error) || die "npm could not install it"
    cp "$place/package-lock.json" "$place/node_modules/.installed-lock.json"
  fi
}

# Rust: the one that is there, else Debian's. The packages whose names end in -web are new enough, the plain ones are not.
install_rust() {
  [ -z "$(old_rust)" ] || use_debians_rust
  [ -n "$(old_rust)" ] || return 0
  # Debian's rustup and its Rust exclude one another.
  ! is_installed rustup || die "Rust $LEAST_RUST or newer is needed, here is $(old_rust): rustup update"
  install_packages cargo-web rustc-web
  use_debians_rust
  [ -z "$(old_rust)" ] ||
    die "Rust $LEAST_RUST or newer is needed, Debian's here is $(old_rust). Its security updates have a newer one: are they among apt's sources?"
}

# Prints which Rust is here, where it is none or too old.
old_rust() {
  local version
  version=$(cargo --version >/dev/null 2>&1 && rustc --version 2>/dev/null | awk '{print $2}') || version=
  [ "$(printf '%s\n' "$LEAST_RUST" "${version:-0}" | sort -V | head -1)" = "$LEAST_RUST" ] || echo "${version:-none}"
}

# Where rustup's is too old, Debian's comes first; not before the PHP that was chosen.
use_debians_rust() {
  [ -x /usr/bin/cargo ] || return 0
  PATH=/usr/bin:$PATH
  choose_php
}

# What the tests of format and of style take.
install_rust_tools() {
  install_rust
  ! { cargo fmt --version && cargo clippy --version; } >/dev/null 2>&1 || return 0
  [ "$(command -v cargo)" = /usr/bin/cargo ] || die "rustfmt or clippy is missing: rustup component add rustfmt clippy"
  install_packages rustfmt-web rust-web-clippy
}
