# Where a WordPress to run on comes from. Sourced, not run.
#
# WORDPRESS_DIR if set; else the newest release from wordpress.org where that can be reached; else the newest of Debian's
# packages, from a later suite through an apt configuration of our own, so that the system's is not touched.
# TELEMED_WORDPRESS=oldest takes the system's own suite instead: the oldest WordPress that the plugin supports.

# Debian's WordPress leans on links into these.
WORDPRESS_PACKAGES=(wordpress libjs-cropper libjs-jquery-ui libjs-lodash libjs-underscore libphp-phpmailer php-getid3)
WORDPRESS_THEMES=(wordpress-theme-twentytwentyfive wordpress-theme-twentytwentyfour wordpress-theme-twentytwentythree)

# Prints the folder of a WordPress, which is fetched at first.
wordpress_dir() {
  local kind=${TELEMED_WORDPRESS:-newest}
  if [ -n "${WORDPRESS_DIR:-}" ]; then
    [ -f "$WORDPRESS_DIR/wp-load.php" ] || die "WORDPRESS_DIR=$WORDPRESS_DIR holds no WordPress"
    echo "$WORDPRESS_DIR"
    return
  fi
  local place=$TARGET/wordpress/$kind
  if [ ! -f "$place/wp-load.php" ]; then
    say "Fetching WordPress ($kind)" >&2
    rm -rf "$place" "$place.new"
    mkdir -p "$place.new"
    if [ "$kind" = oldest ]; then
      wordpress_from_debian "" "$place.new"
    else
      wordpress_from_project "$place.new" || wordpress_from_debian sid "$place.new"
    fi
    [ -f "$place.new/wp-load.php" ] || die "no WordPress could be had; set WORDPRESS_DIR to one"
    mv "$place.new" "$place"
  fi
  echo "$place"
}

wordpress_from_project() {
  local archive=$TARGET/wordpress/latest.tar.gz
  curl -fsSL --connect-timeout 3 --max-time 120 -o "$archive" https://wordpress.org/latest.tar.gz 2>/dev/null || return 1
  tar -xzf "$archive" -C "$1" --strip-components=1
}

# wordpress_from_debian SUITE PLACE; an empty suite means the system's own.
wordpress_from_debian() {
  local suite=$1 place=$2 work=$TARGET/wordpress/apt-${1:-system}
  mkdir -p "$work"/{packages,tree}
  (
    cd "$work/packages"
    rm -f ./*.deb
    if [ -n "$suite" ]; then
      APT_CONFIG=$(private_apt "$suite" "$work")
      export APT_CONFIG
      apt-get update -q >"$work/update.log" 2>&1 || { tail -5 "$work/update.log" >&2; exit 1; }
    elif ! apt-cache show wordpress >/dev/null 2>&1; then
      apt-get update -q >"$work/update.log" 2>&1
    fi
    local package
    for package in "${WORDPRESS_PACKAGES[@]}"; do
      apt-get download -q "$package" >>"$work/download.log" 2>&1 || { tail -3 "$work/download.log" >&2; exit 1; }
    done
    for package in "${WORDPRESS_THEMES[@]}"; do
      apt-get download -q "$package" >>"$work/download.log" 2>&1 && break
    done
    for package in ./*.deb; do
      dpkg -x "$package" "$work/tree"
    done
  ) || die "Debian's WordPress could not be fetched"
  # Links in the packages are absolute: they are led into the unpacked tree and then followed.
  find "$work/tree" -type l -lname '/*' | while read -r link; do
    ln -sfn "$work/tree$(readlink "$link")" "$link"
  done
  find "$work/tree" -xtype l -delete
  rm -f "$work/tree/usr/share/wordpress/wp-config.php"
  cp -rL "$work/tree/usr/share/wordpress/." "$place"
  # Debian moves uploads, plugins and themes to /var/lib.
  local content=$work/tree/var/lib/wordpress/wp-content
  [ ! -d "$content" ] || cp -rLn "$content/." "$place/wp-content/"
}

# An apt configuration for a later suite at the system's own mirror. Prints its path.
private_apt() {
  local suite=$1 work=$2 mirror
  mirror=$(apt-get indextargets --format '$(SITE)|$(ORIGIN)|$(LABEL)' 'Created-By: Packages' |
    awk -F'|' '$2 == "Debian" && $3 == "Debian" { print $1; exit }')
  if [ -z "$mirror" ]; then
    apt-get update -q >/dev/null 2>&1
    mirror=$(apt-get indextargets --format '$(SITE)|$(ORIGIN)|$(LABEL)' 'Created-By: Packages' |
      awk -F'|' '$2 == "Debian" && $3 == "Debian" { print $1; exit }')
  fi
  [ -n "$mirror" ] || die "apt names no Debian mirror"
  mkdir -p "$work"/etc "$work"/state/lists/partial "$work"/cache/archives/partial
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
