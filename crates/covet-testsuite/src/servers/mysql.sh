# Runs one MySQL or MariaDB server for all test processes that use it, and ends it when none is left.
#   mysql.sh FOLDER PROGRAM PORT [OPTION...]
# Users hold a shared lock on FOLDER/users; who starts a server holds FOLDER/starting. Locks go with their processes, however
# those end. Should this shell be killed, the server gets a signal from the system.
folder=$1 program=$2 port=$3
shift 3
for old in "$folder"/data-*; do
    kill -0 "${old##*-}" 2>/dev/null || rm -rf "$old"
done
data=$folder/data-$$
mkdir -p "$data/tmp"
cd "$data" || exit 1
# Servers that share a folder for temporary tables take each other's.
export TMPDIR="$data/tmp"
user=$(id -un)
common="--no-defaults --user=$user --datadir=$data/data"
if "$program" --version | grep -q MariaDB; then
    mkdir "$data/data"
    mariadb-install-db --no-defaults --user="$user" --datadir="$data/data" --auth-root-authentication-method=normal \
        --skip-test-db >"$folder/install.log" 2>&1 || exit 1
    own="--max-recursive-iterations=4294967295 --plugin-load-add=auth_ed25519"
else
    root=$(dirname "$program")/root/usr
    if [ -d "$root" ]; then
        # Unpacked, not installed.
        common="$common --basedir=$root --lc-messages-dir=$root/share/mysql --plugin-dir=$root/lib/mysql/plugin"
    fi
    "$program" $common --initialize-insecure --secure-file-priv= >"$folder/install.log" 2>&1 || exit 1
    own="--cte-max-recursion-depth=4294967295 --mysqlx=OFF --secure-file-priv="
fi
cat >"$data/init.sql" <<'SQL'
CREATE USER 'covet'@'%' IDENTIFIED BY '';
GRANT ALL ON *.* TO 'covet'@'%' WITH GRANT OPTION;
CREATE USER 'guarded'@'%' IDENTIFIED BY 'hunter2';
GRANT ALL ON *.* TO 'guarded'@'%';
SQL
setpriv --pdeathsig TERM "$program" $common --init-file="$data/init.sql" --port="$port" --bind-address=127.0.0.1 \
    --socket="$data/socket" --pid-file="$data/pid" --skip-log-bin --local-infile=ON --max-connections=400 \
    --max-allowed-packet=64M --innodb-buffer-pool-size=64M --innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=OFF \
    --innodb-lock-wait-timeout=10 $own "$@" >"$folder/server.log" 2>&1 &
server=$!
trap 'kill -TERM $server; wait $server; rm -rf "$data"; exit' TERM HUP
until grep -q "ready for connections.*" "$folder/server.log" && [ -S "$data/socket" ]; do
    kill -0 $server 2>/dev/null || exit 1
    sleep 0.05
done
echo "$data/socket" >"$folder/socket"
echo "$port" >"$folder/port.new" && mv "$folder/port.new" "$folder/port"
while kill -0 $server 2>/dev/null; do
    sleep 3
    # Nobody uses it, and nobody is about to; whoever comes now finds no port and starts another.
    if flock -n "$folder/starting" flock -n "$folder/users" rm -f "$folder/port"; then
        break
    fi
done
kill -KILL $server 2>/dev/null
wait $server
cd /
rm -rf "$data"
