# Which machine this is, and which PHP everything is built for and runs on. Sourced, not run.

# Sets DEBIAN_PHP, the PHP that this release has. Ends the script on a system whose packages it does not know.
check_machine() {
  local id version name
  IFS='|' read -r id version name < <(
    # shellcheck disable=SC1091
    . /etc/os-release 2>/dev/null || true
    echo "${ID:-}|${VERSION_ID:-}|${PRETTY_NAME:-$(uname -sr)}"
  )
  case "$id $version" in
    "debian 12") DEBIAN_PHP=8.2 ;;
    "debian 13") DEBIAN_PHP=8.4 ;;
    *)
      echo "${0##*/}: this machine has $name. Supported are Debian 12 (bookworm) and Debian 13 (trixie)." >&2
      exit 1
      ;;
  esac
}

# Sets PHP_VERSION, such as 8.4: the one that is set already, with or without its last part, else the one that `php` is, else
# Debian's. Whoever says `php` or `php-config` from then on means that one.
choose_php() {
  local own config links
  own=$(minor_of "$(php -n -r 'echo PHP_VERSION;' 2>/dev/null)")
  PHP_VERSION=${PHP_VERSION:-${own:-$DEBIAN_PHP}}
  if [ -z "$(minor_of "$PHP_VERSION")" ]; then
    echo "${0##*/}: PHP_VERSION is a version such as 8.4, not '$PHP_VERSION'." >&2
    exit 1
  fi
  PHP_VERSION=$(minor_of "$PHP_VERSION")
  export PHP_VERSION
  config=$(minor_of "$(php-config --version 2>/dev/null)")
  if [ "${own:-$PHP_VERSION}" != "$PHP_VERSION" ] || [ "${config:-$PHP_VERSION}" != "$PHP_VERSION" ]; then
    links=$TARGET/php/$PHP_VERSION
    mkdir -p "$links"
    ln -sfn "/usr/bin/php$PHP_VERSION" "$links/php"
    ln -sfn "/usr/bin/php-config$PHP_VERSION" "$links/php-config"
    PATH=$links:$PATH
  fi
}

# The first two parts of a version, nothing where it is none.
minor_of() {
  [[ ! $1 =~ ^([0-9]+\.[0-9]+)(\.|$) ]] || echo "${BASH_REMATCH[1]}"
}
