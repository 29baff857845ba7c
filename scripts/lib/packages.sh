# The Debian packages that the project needs, and how they get here. Sourced, not run.

PACKAGES=(
  ca-certificates chromium clang curl gcc git libclang-dev libc6-dev make mariadb-server nginx openssl
  "php$PHP_VERSION-cgi" "php$PHP_VERSION-cli" "php$PHP_VERSION-curl" "php$PHP_VERSION-dev" "php$PHP_VERSION-fpm"
  "php$PHP_VERSION-gd" "php$PHP_VERSION-intl" "php$PHP_VERSION-mbstring" "php$PHP_VERSION-mysql" "php$PHP_VERSION-xml"
  "php$PHP_VERSION-zip" phpunit unzip valgrind xz-utils zip
)

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Installs what is missing: install_packages [PACKAGE…]. Services are not started: the scripts run their own, privately.
install_packages() {
  local missing=() package
  [ $# -gt 0 ] || set -- "${PACKAGES[@]}"
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
  apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
)

# Node.js and what drives the browser, only for the tests that use them.
install_browser() {
  # Where Node.js came from elsewhere, npm is part of it.
  command -v npm >/dev/null || install_packages nodejs npm
  local place=$ROOT/php-tests/browser
  if ! cmp -s "$place/package-lock.json" "$place/node_modules/.installed-lock.json"; then
    say "Installing what drives the browser"
    (cd "$place" && npm ci --no-audit --no-fund --loglevel=error) || die "npm could not install it"
    cp "$place/package-lock.json" "$place/node_modules/.installed-lock.json"
  fi
}

check_rust() {
  command -v cargo >/dev/null ||
    die "Rust is missing, the one thing that must be there first: install it with rustup, version $LEAST_RUST or newer"
  local version
  version=$(rustc --version | awk '{print $2}')
  [ "$(printf '%s\n' "$LEAST_RUST" "$version" | sort -V | head -1)" = "$LEAST_RUST" ] ||
    die "Rust $version is too old: rustup update, to $LEAST_RUST or newer"
}
