# A private WordPress site under target/site-NAME: MariaDB, php-fpm, nginx, fake-zoom. Sourced, not run.
#
# site_up NAME [--without-extension] [--without-key] [--key BASE64] [--kivicare] [--network]   starts it and writes state.json
# site_down NAME                                                                               stops what site_up started, by process id

source "$ROOT/scripts/lib/wordpress.sh"

ADMIN_PASSWORD=admin-password-for-tests
DOCTOR_PASSWORD=doctor-password-for-tests

site_up() {
  local name=$1 extension=yes kivicare= network= key SITE_WORKERS=${SITE_WORKERS:-6}
  key=$(openssl rand -base64 32)
  shift
  while [ $# -gt 0 ]; do
    case $1 in
      --without-extension) extension= ;;
      --without-key) key= ;;
      --kivicare) kivicare=yes ;;
      --network) network=yes ;;
      --key)
        key=${2:?"--key wants a key"}
        shift
        ;;
      *) die "unknown option of a site: $1" ;;
    esac
    shift
  done
  local dir=$TARGET/site-$name
  site_down "$name"
  rm -rf "$dir"
  site_template
  mkdir -p "$dir"/{log,mail,nginx,php.d}
  cp -a --reflink=auto "$TARGET/template/." "$dir/"
  local run
  run=$(site_run "$dir")

  certificate
  start_fake_zoom "$dir"
  start_mariadb "$dir" "$run"
  php_configuration "$dir" "$extension"
  local port
  port=$(free_port)
  local url=http://127.0.0.1:$port
  wordpress_configuration "$dir" "$run" "$url" "$key"
  PHP_INI_SCAN_DIR=$dir/php.d php "$ROOT/scripts/lib/prepare-site.php" "$dir/wordpress" "$url" "$DOCTOR_PASSWORD" ||
    die "WordPress could not be prepared"
  [ -z "$kivicare" ] || install_kivicare "$dir"
  [ -z "$network" ] || make_network "$dir" "$url"
  start_fpm "$dir" "$run"
  start_nginx "$dir" "$run" "$port"
  write_state "$dir" "$run" "$url"
}

# A site for storms: its clock can be moved and its disk filled, its time-outs are shorter than fake-zoom's silences, its processes
# are many.
storm_site_up() {
  SITE_STORM=$TARGET/storm.so
  gcc -shared -fPIC -O2 -Wall -Wextra -Werror -o "$SITE_STORM" "$ROOT/php-tests/storm/clock.c" "$ROOT/php-tests/storm/disk.c"
  SITE_WORKERS=12 SITE_INI=$'telemed.connect_timeout = 2\ntelemed.timeout = 2' site_up "$@"
  SITE_STORM=
}

site_down() {
  site_down_in "$TARGET/site-$1"
}

site_down_in() {
  local dir=$1
  [ ! -f "$dir/pids" ] || stop_processes "$dir/pids"
  [ ! -f "$dir/run" ] || rm -rf "$(cat "$dir/run")"
  rm -f "$dir/run" "$dir/state.json"
}

# Makes the folder of a site's sockets and prints it. Their paths are limited to about a hundred characters, and a checkout may
# lie deep; MariaDB's scripts take no blanks in paths, so the link `site` in it leads to the site's folder.
site_run() {
  local run
  run=$(mktemp -d /tmp/telemed.XXXXXX)
  ln -s "$1" "$run/site"
  echo "$run" >"$1/run"
  echo "$run"
}

# The stand-in for KiviCare beside the plugin, with two clinics and their people.
install_kivicare() {
  ln -sfn "$ROOT/php-tests/kivicare/kivicare-clinic-management-system" "$1/wordpress/wp-content/plugins/kivicare-clinic-management-system"
  PHP_INI_SCAN_DIR=$1/php.d php "$ROOT/scripts/lib/prepare-kivicare.php" "$1/wordpress" "$DOCTOR_PASSWORD" ||
    die "KiviCare's stand-in could not be prepared"
}

# A network of two blogs, / and /second/, both served by one PHP worker, the plugin active in the whole network.
make_network() {
  local dir=$1 url=$2 step
  for step in tables blogs; do
    PHP_INI_SCAN_DIR=$dir/php.d php "$ROOT/scripts/lib/make-network.php" "$dir/wordpress" "$url" "$step" ||
      die "WordPress could not be made a network"
    [ "$step" != tables ] || sed -i "2i define('MULTISITE', true);\\
define('SUBDOMAIN_INSTALL', false);\\
define('DOMAIN_CURRENT_SITE', '${url#http://}');\\
define('PATH_CURRENT_SITE', '/');\\
define('SITE_ID_CURRENT_SITE', 1);\\
define('BLOG_ID_CURRENT_SITE', 1);" "$dir/wordpress/wp-config.php"
  done
  SITE_WORKERS=1
}

# The site's value NAME KEY, such as: site_value demo url
site_value() {
  # shellcheck disable=SC2016
  php -n -r '$s = json_decode(file_get_contents($argv[1]), true); foreach (explode(".", $argv[2]) as $k) $s = $s[$k]; echo $s;' \
    "$TARGET/site-$1/state.json" "$2"
}

# A data directory and a WordPress that are freshly installed; every site begins as a copy. One process makes it at a time,
# in a shell of its own, whose end stops what it started.
site_template() {
  mkdir -p "$TARGET"
  (
    flock 9
    make_site_template
  ) 9>"$TARGET/template.lock"
}

make_site_template() {
  local source stamp
  source=$(wordpress_dir)
  stamp="$source $(sha256sum "$ROOT/scripts/lib/site.sh" "$ROOT/scripts/lib/install-wordpress.php" | sha256sum)"
  [ "$(cat "$TARGET/template/stamp" 2>/dev/null)" != "$stamp" ] || return 0
  say "Installing WordPress into a template"
  local dir=$TARGET/template.new run
  [ ! -f "$dir/pids" ] || stop_processes "$dir/pids"
  rm -rf "$dir" "$TARGET/template"
  mkdir -p "$dir"/{log,mail,php.d,mysql}
  run=$(site_run "$dir")
  # shellcheck disable=SC2064 # now, while the names are known
  trap "site_down_in $(printf %q "$dir")" EXIT
  cp -a "$source" "$dir/wordpress"
  mariadb-install-db --no-defaults --datadir="$run/site/mysql" --user="$(id -un)" --skip-test-db \
    --auth-root-authentication-method=normal --innodb-log-file-size=16M >"$dir/log/install-db.log" 2>&1 ||
    die "MariaDB's data directory could not be made; see $dir/log/install-db.log"
  start_mariadb "$dir" "$run"
  mariadb --no-defaults --socket="$run/mysql.sock" --user=root <<'SQL'
CREATE DATABASE wordpress CHARACTER SET utf8mb4;
CREATE USER 'wordpress'@'localhost' IDENTIFIED BY 'wordpress';
GRANT ALL ON wordpress.* TO 'wordpress'@'localhost';
SQL
  php_configuration "$dir" ""
  wordpress_configuration "$dir" "$run" http://127.0.0.1 ""
  PHP_INI_SCAN_DIR=$dir/php.d php "$ROOT/scripts/lib/install-wordpress.php" "$dir/wordpress" "$ADMIN_PASSWORD" ||
    die "WordPress could not be installed"
  trap - EXIT
  site_down_in "$dir"
  rm -rf "$dir"/log/*
  echo "$stamp" >"$dir/stamp"
  mv "$dir" "$TARGET/template"
}

start_mariadb() {
  local dir=$1 run=$2
  # A server that starts clears its folder for temporary tables: shared, another server would lose its own and crash.
  mkdir -p "$run/mysql-tmp"
  start_process "$dir/pids" "$dir/log/mariadb.log" \
    mariadbd --no-defaults --datadir="$run/site/mysql" --socket="$run/mysql.sock" --pid-file="$run/mysql.pid" --user="$(id -un)" \
    --tmpdir="$run/mysql-tmp" --skip-networking --innodb-log-file-size=16M --innodb-buffer-pool-size=64M --max-connections=200
  wait_for 60 MariaDB "$dir/log/mariadb.log" mariadb-admin --no-defaults --socket="$run/mysql.sock" --user=root ping
}

# The system's PHP configuration with the extension of this checkout, whether or not one is installed.
php_configuration() {
  local dir=$1 extension=$2
  cp "/etc/php/$PHP_VERSION/cli/conf.d"/*.ini "$dir/php.d/"
  rm -f "$dir/php.d"/*telemed.ini
  cat >"$dir/php.d/90-site.ini" <<INI
error_log = "$dir/log/php.log"
log_errors = On
display_errors = Off
zend.exception_ignore_args = Off
opcache.enable_cli = Off
opcache.revalidate_freq = 0
${SITE_INI:-}
INI
  [ -n "$extension" ] || return 0
  # shellcheck disable=SC2153
  cat >"$dir/php.d/91-telemed.ini" <<INI
extension = "$EXTENSION"
telemed.oauth_url = "$FAKE_HTTP"
telemed.api_url = "$FAKE_HTTP"
INI
}

wordpress_configuration() {
  local dir=$1 run=$2 url=$3 key=$4 name
  {
    echo "<?php"
    echo "define('DB_NAME', 'wordpress');"
    echo "define('DB_USER', 'wordpress');"
    echo "define('DB_PASSWORD', 'wordpress');"
    echo "define('DB_HOST', 'localhost:$run/mysql.sock');"
    echo "define('DB_CHARSET', 'utf8mb4');"
    echo "define('DB_COLLATE', '');"
    for name in AUTH_KEY SECURE_AUTH_KEY LOGGED_IN_KEY NONCE_KEY AUTH_SALT SECURE_AUTH_SALT LOGGED_IN_SALT NONCE_SALT; do
      echo "define('$name', '$(openssl rand -hex 32)');"
    done
    [ -z "$key" ] || echo "define('TELEMED_KEY', '$key');"
    echo "define('WP_DEBUG', true);"
    echo "define('WP_DEBUG_DISPLAY', false);"
    echo "define('WP_DEBUG_LOG', '$dir/log/debug.log');"
    echo "define('DISABLE_WP_CRON', true);"
    echo "define('WP_HTTP_BLOCK_EXTERNAL', true);"
    echo "define('WP_ACCESSIBLE_HOSTS', '127.0.0.1,localhost');"
    echo "define('AUTOMATIC_UPDATER_DISABLED', true);"
    echo "define('TELEMED_TEST_MAIL', '$dir/mail');"
    echo "\$table_prefix = 'wp_';"
    echo "defined('ABSPATH') || define('ABSPATH', __DIR__ . '/');"
    echo "require_once ABSPATH . 'wp-settings.php';"
  } >"$dir/wordpress/wp-config.php"
  local content=$dir/wordpress/wp-content
  mkdir -p "$content/mu-plugins" "$content/plugins"
  cp "$ROOT/scripts/lib/mu-plugin-private-site.php" "$content/mu-plugins/private-site.php"
  ln -sfn "$ROOT/wp-plugin-shim" "$content/plugins/telemed-zoom"
}

start_fpm() {
  local dir=$1 run=$2
  cat >"$dir/fpm.conf" <<CONF
[global]
error_log = "$dir/log/fpm.log"
daemonize = no
[www]
listen = $run/fpm.sock
user = $(id -un)
group = $(id -gn)
pm = static
pm.max_children = $SITE_WORKERS
pm.status_path = /fpm-status
pm.status_listen = $run/fpm-status.sock
clear_env = no
catch_workers_output = yes
CONF
  local storm=()
  if [ -n "${SITE_STORM:-}" ]; then
    head -c 8 /dev/zero >"$dir/clock"
    head -c 1 /dev/zero >"$dir/disk"
    storm=("LD_PRELOAD=$SITE_STORM" "STORM_CLOCK=$dir/clock" "STORM_DISK=$dir/disk")
  fi
  start_process "$dir/pids" "$dir/log/fpm.log" \
    env "PHP_INI_SCAN_DIR=$dir/php.d" "${storm[@]}" "php-fpm$PHP_VERSION" -R -F -y "$dir/fpm.conf"
  wait_for 20 php-fpm "$dir/log/fpm.log" test -S "$run/fpm.sock"
}

start_nginx() {
  local dir=$1 run=$2 port=$3
  cat >"$dir/nginx.conf" <<CONF
user $(id -un);
worker_processes 1;
pid $run/nginx.pid;
error_log "$dir/log/nginx.log";
events { worker_connections 512; }
http {
  include /etc/nginx/mime.types;
  # As the docs recommend it.
  include "$ROOT/docs/access-logs/nginx.conf";
  access_log "$dir/log/access.log" telemed;
  client_body_temp_path "$dir/nginx/body";
  proxy_temp_path "$dir/nginx/proxy";
  fastcgi_temp_path "$dir/nginx/fastcgi";
  uwsgi_temp_path "$dir/nginx/uwsgi";
  scgi_temp_path "$dir/nginx/scgi";
  client_max_body_size 64m;
  server {
    listen 127.0.0.1:$port;
    root "$dir/wordpress";
    index index.php index.html;
    # The second blog of a network has the same files.
    rewrite ^/second(/wp-(admin|includes|content|login\.php).*)\$ \$1;
    location / { try_files \$uri \$uri/ /index.php?\$args; }
    # Tests ask it whether requests go on working after their answer.
    location = /fpm-status {
      include /etc/nginx/fastcgi.conf;
      fastcgi_param SCRIPT_NAME /fpm-status;
      fastcgi_pass unix:$run/fpm-status.sock;
    }
    location ~ \.php\$ {
      try_files \$uri =404;
      include /etc/nginx/fastcgi.conf;
      fastcgi_param HTTP_HOST \$http_host;
      fastcgi_read_timeout 120s;
      fastcgi_pass unix:$run/fpm.sock;
    }
  }
}
CONF
  start_process "$dir/pids" "$dir/log/nginx.log" nginx -e "$dir/log/nginx.log" -c "$dir/nginx.conf" -g 'daemon off;'
  wait_for 20 "the site" "$dir/log/nginx.log" curl -fsS --noproxy '*' -o /dev/null "http://127.0.0.1:$port/wp-login.php"
}

# Starts fake-zoom, plain and TLS, and sets FAKE_HTTP and FAKE_HTTPS.
start_fake_zoom() {
  local dir=$1
  local log=$dir/log/fake-zoom.log
  : >"$log"
  start_process "$dir/pids" "$log" \
    "$FAKE_ZOOM" --port 0 --tls-port 0 --tls-cert "$TARGET/tls/server.pem" --tls-key "$TARGET/tls/server.key"
  wait_for 10 fake-zoom "$log" grep -qx ready "$log"
  FAKE_HTTP=$(sed -n 's/^http=//p' "$log")
  FAKE_HTTPS=$(sed -n 's/^https=//p' "$log")
}

# A certificate for localhost and the test CA that signed it, in target/tls.
certificate() {
  local place=$TARGET/tls
  [ ! -f "$place/server.pem" ] || return 0
  mkdir -p "$place"
  (
    cd "$place"
    openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/CN=telemed test CA" -keyout ca.key -out ca.pem \
      -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
    openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 -out server.pem \
      -extfile <(printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n')
  ) >/dev/null 2>&1 || die "openssl could not make the test certificate"
}

write_state() {
  local dir=$1 run=$2 url=$3 storm=null
  [ -z "${SITE_STORM:-}" ] || storm="{ \"clock\": \"$dir/clock\", \"disk\": \"$dir/disk\", \"library\": \"$SITE_STORM\" }"
  cat >"$dir/state.json" <<JSON
{
  "storm": $storm,
  "url": "$url",
  "wordpress": "$dir/wordpress",
  "php_ini_scan_dir": "$dir/php.d",
  "fake_http": "$FAKE_HTTP",
  "fake_https": "$FAKE_HTTPS",
  "ca": "$TARGET/tls/ca.pem",
  "mail": "$dir/mail",
  "log": "$dir/log",
  "db": { "socket": "$run/mysql.sock", "name": "wordpress", "user": "wordpress", "password": "wordpress" },
  "admin": { "login": "admin", "password": "$ADMIN_PASSWORD" },
  "doctor1": { "login": "doctor1", "password": "$DOCTOR_PASSWORD", "email": "doctor1@clinic.example" },
  "doctor2": { "login": "doctor2", "password": "$DOCTOR_PASSWORD", "email": "doctor2@clinic.example" },
  "patient": { "login": "patient", "password": "$DOCTOR_PASSWORD", "email": "patient@example.com" }
}
JSON
}
