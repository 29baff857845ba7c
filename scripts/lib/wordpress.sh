# Where a WordPress to run on comes from. Sourced, not run.
#
# WORDPRESS_DIR if set; else the newest release from wordpress.org where that can be reached; else the newest of Debian's
# packages, from a later suite through an apt configuration of our own, so that the system's is not touched.
# TELEMED_WORDPRESS=oldest takes the system's own suite instead: the oldest WordPress that the plugin supports.

# Debian's WordPress leans on links into these.
WORDPRESS_PACKAGES=(wordpress libjs-cropper libjs-jquery-ui libjs-lodash libjs-underscore libphp-phpmailer php-getid3)
WORDPRESS_THEMES=(wordpress-theme-twentytwentyfive wordpress-theme-twentytwentyfour wordpress-theme-twentytwentythree)

# Suites to look in, the newest first; the system's own, which has no name here, comes last.
WORDPRESS_SUITES=(sid testing stable "")

# Prints the folder of a WordPress, which is fetched at first.
wordpress_dir() {
  local kind=${TELEMED_WORDPRESS:-newest}
  if [ -n "${WORDPRESS_DIR:-}" ]; then
    [ -f "$WORDPRESS_DIR/wp-load.php" ] || die "WORDPRESS_DIR=$WORDPRESS_DIR holds no WordPress"
    (cd "$WORDPRESS_DIR" && pwd)
    return
  fi
  case $kind in
    newest | oldest) ;;
    *) die "TELEMED_WORDPRESS is newest or oldest, not '$kind'" ;;
  esac
  local place=$TARGET/wordpress/$kind
  if [ ! -f "$place/wp-load.php" ]; then
    mkdir -p "$TARGET/wordpress"
    # One process fetches at a time; the next finds what it left.
    (
      flock 8
      [ -f "$place/wp-load.php" ] || fetch_wordpress "$kind" "$place"
    ) 8>"$TARGET/wordpress/lock"
  fi
  echo "$place"
}

# fetch_wordpress newest|oldest PLACE
fetch_wordpress() {
  local kind=$1 place=$2 suite suites=("")
  say "Fetching WordPress ($kind)" >&2
  rm -rf "$place" "$place.new"
  mkdir -p "$place.new"
  if [ "$kind" = newest ]; then
    if wordpress_from_project "$place.new"; then
      keep_wordpress "$place"
      return
    fi
    suites=("${WORDPRESS_SUITES[@]}")
  fi
  for suite in "${suites[@]}"; do
    rm -rf "$place.new"
    mkdir -p "$place.new"
    if wordpress_from_debian "$suite" "$place.new"; then
      keep_wordpress "$place"
      return
    fi
  done
  die "no WordPress could be had, not from wordpress.org and not from Debian; set WORDPRESS_DIR to one"
}

keep_wordpress() {
  [ -f "$1.new/wp-load.php" ] || die "what was fetched holds no wp-load.php; see $1.new"
  mv "$1.new" "$1"
  sed -n "s/^\$wp_version = '\(.*\)';/WordPress \1/p" "$1/wp-includes/version.php" >&2
}

# The newest release, where wordpress.org can be reached.
wordpress_from_project() {
  local archive=$TARGET/wordpress/latest.tar.gz status=0
  curl -fsSL --connect-timeout 3 --max-time 120 -o "$archive" https://wordpress.org/latest.tar.gz 2>/dev/null &&
    tar -xzf "$archive" -C "$1" --strip-components=1 2>/dev/null || status=1
  rm -f "$archive"
  return $status
}

# wordpress_from_debian SUITE PLACE; an empty suite means the system's own. Says on a failure why, and returns 1.
wordpress_from_debian() {
  local suite=$1 place=$2 work=$TARGET/wordpress/apt-${1:-system}
  rm -rf "$work/packages" "$work/tree"
  mkdir -p "$work"/{packages,tree}
  if ! debian_packages "$suite" "$work" >"$work/log" 2>&1; then
    echo "WordPress of Debian's ${suite:-own suite}: $(tail -n 1 "$work/log")" >&2
    return 1
  fi
  local package link
  for package in "$work"/packages/*.deb; do
    dpkg -x "$package" "$work/tree" || return 1
  done
  rm -f "$work/tree/usr/share/wordpress/wp-config.php"
  # The list of trusted certificates is made on each system from its own.
  install -D -m 644 /etc/ssl/certs/ca-certificates.crt "$work/tree/etc/ssl/certs/ca-certificates.crt" || return 1
  # Links in the packages are absolute: they are led into the unpacked tree, and then followed.
  while IFS= read -r -d '' link; do
    ln -sfn "$work/tree$(readlink "$link")" "$link"
  done < <(find "$work/tree" -type l -lname '/*' -print0)
  # What leads to a package that is not there must be nothing that WordPress runs.
  link=$(find "$work/tree/usr/share/wordpress/wp-includes" "$work/tree/usr/share/wordpress/wp-admin" -xtype l -print -quit)
  if [ -n "$link" ]; then
    echo "WordPress of Debian's ${suite:-own suite} lacks ${link#"$work/tree"}, a link to $(readlink "$link")" >&2
    return 1
  fi
  find "$work/tree" -xtype l -delete
  cp -rL "$work/tree/usr/share/wordpress/." "$place" || return 1
  # Debian keeps uploads, plugins and themes in /var/lib.
  local content=$work/tree/var/lib/wordpress/wp-content
  [ ! -d "$content" ] || cp -rLn "$content/." "$place/wp-content/" || return 1
  rm -rf "$work/packages" "$work/tree"
}

# Downloads the packages into WORK/packages: debian_packages SUITE WORK
debian_packages() {
  local suite=$1 work=$2 package
  if [ -n "$suite" ]; then
    local -x APT_CONFIG
    APT_CONFIG=$(private_apt "$suite" "$work") || return 1
    apt-get update -q || return 1
  elif ! apt-cache show wordpress >/dev/null 2>&1; then
    apt-get update -q || return 1
  fi
  cd "$work/packages" || return 1
  for package in "${WORDPRESS_PACKAGES[@]}"; do
    apt-get download -q "$package" || return 1
  done
  # One theme, the newest of those that the suite has.
  for package in "${WORDPRESS_THEMES[@]}"; do
    apt-get download -q "$package" && return 0
  done
  return 1
}

# An apt configuration for a later suite at the system's own mirror, so that the system's own is not touched. Prints its path.
private_apt() {
  local suite=$1 work=$2 mirror
  mirror=$(debian_mirror)
  if [ -z "$mirror" ]; then
    # Before the first update apt does not know which of its sources is Debian's.
    apt-get update -q >&2 || return 1
    mirror=$(debian_mirror)
  fi
  if [ -z "$mirror" ]; then
    echo "apt names no Debian mirror" >&2
    return 1
  fi
  mkdir -p "$work"/{etc,state/lists/partial,cache/archives/partial}
  touch "$work/state/status"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$work/etc/sources.list"
  cat >"$work/apt.conf" <<CONF
Dir::Etc::sourcelist "$work/etc/sources.list";
Dir::Etc::sourceparts "-";
Dir::State::lists "$work/state/lists";
Dir::State::status "$work/state/status";
Dir::Cache "$work/cache";
Acquire::Languages "none";
APT::Sandbox::User "root";
CONF
  echo "$work/apt.conf"
}

# The address that the system gets Debian from.
debian_mirror() {
  # shellcheck disable=SC2016 # apt fills these in
  apt-get indextargets --format '$(SITE)|$(ORIGIN)|$(LABEL)' 'Created-By: Packages' |
    awk -F'|' '$2 == "Debian" && $3 == "Debian" && !seen++ { print $1 }'
}
