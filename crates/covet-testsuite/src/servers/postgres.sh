# Runs one PostgreSQL server for all test processes that use it, and ends it when none is left.
#   postgres.sh FOLDER BINARIES PORT
# Users hold a shared lock on FOLDER/users; who starts a server holds FOLDER/starting. Locks go with their processes, however
# those end. Should this shell be killed, the server gets a signal from the system.
folder=$1 binaries=$2 port=$3
for old in "$folder"/data-*; do
    kill -0 "${old##*-}" 2>/dev/null || rm -rf "$old"
done
data=$folder/data-$$
mkdir -p "$data"
as_user=
if [ "$(id -u)" = 0 ]; then
    as_user="setpriv --reuid=postgres --regid=postgres --clear-groups"
    chown postgres "$data"
fi
cd "$data" || exit 1
$as_user "$binaries/initdb" -D "$data" -U covet -A trust -E UTF8 --locale=C --no-sync >"$folder/initdb.log" 2>&1 || exit 1
{
    echo "listen_addresses = '127.0.0.1'"
    echo "port = $port"
    echo "unix_socket_directories = ''"
    echo "max_connections = 400"
    echo "fsync = off"
    echo "full_page_writes = off"
    echo "synchronous_commit = off"
    echo "shared_buffers = 64MB"
    echo "autovacuum = off"
} >>"$data/postgresql.conf"
{
    echo "host all guarded 127.0.0.1/32 scram-sha-256"
    cat "$data/pg_hba.conf"
} >"$data/pg_hba.new" && cat "$data/pg_hba.new" >"$data/pg_hba.conf"
$as_user setpriv --pdeathsig INT "$binaries/postgres" -D "$data" >"$folder/server.log" 2>&1 &
server=$!
trap 'kill -INT $server; wait $server; rm -rf "$data"; exit' TERM HUP
until grep -q 'ready to accept connections' "$folder/server.log"; do
    kill -0 $server 2>/dev/null || exit 1
    sleep 0.05
done
echo "$port" >"$folder/port.new" && mv "$folder/port.new" "$folder/port"
while kill -0 $server 2>/dev/null; do
    sleep 3
    # Nobody uses it, and nobody is about to; whoever comes now finds no port and starts another.
    if flock -n "$folder/starting" flock -n "$folder/users" rm -f "$folder/port"; then
        break
    fi
done
kill -INT $server 2>/dev/null
wait $server
cd /
rm -rf "$data"
