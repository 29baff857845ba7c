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

# Installs what is missing. Services are not started: the scripts run their own, privately.
install_packages() {
  local missing=() package
  for package in "${PACKAGES[@]}"; do
    is_installed "$package" || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "Installing Debian packages: ${missing[*]}"
  [ "$(id -u)" = 0 ] || die "not root. Run once as root: apt-get install ${missing[*]}"
  local policy=/usr/sbin/policy-rc.d made=
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
    made=yes
  fi
  local log=$TARGET/apt.log failed=
  { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"; } \
    >"$log" 2>&1 || failed=yes
  [ -z "$made" ] || rm -f $policy
  [ -z "$failed" ] || { tail -20 "$log" >&2; die "the packages could not be installed"; }
}

check_rust() {
  command -v cargo >/dev/null ||
    die "Rust is missing, the one thing that must be there first: install it with rustup, version $LEAST_RUST or newer"
  local version
  version=$(rustc --version | awk '{print $2}')
  [ "$(printf '%s\n' "$LEAST_RUST" "$version" | sort -V | head -1)" = "$LEAST_RUST" ] ||
    die "Rust $version is too old: rustup update, to $LEAST_RUST or newer"
}
