#!/usr/bin/env bash
# Builds small Docker images of the programs that Debian has installed here, and writes to the file named as the only
# argument how firedrill is told to use them (its --images): for machines that can pull none.
#
# Each image is laid out as the one it stands in for: the same path of the program, the same entrypoint, the same user.
# An image that was built of the same program by this same script is kept.
set -euo pipefail

[ $# -eq 1 ] || { echo "usage: ci/images.sh FILE" >&2; exit 2; }
map=$1
script=$(readlink -f "$0")

# The libraries that these programs load, at the paths where they look for them.
add_libraries() {
    local root=$1 library
    shift
    { ldd "$@" | grep -o '/[^ :]*' || true; } | sort -u | while read -r library; do
        case $library in */lib*/*) mkdir -p "$root$(dirname "$library")" && cp -L "$library" "$root$library" ;; esac
    done
}

# What every image has: users, temporary folders, a shell.
skeleton() {
    local root=$1
    mkdir -p "$root"/{bin,etc,dev,proc,sys,tmp,run,var/lib,var/run}
    chmod 1777 "$root/tmp"
    printf 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\npostgres:x:999:999:postgres:/var/lib/postgresql:/bin/sh\nredis:x:998:998:redis:/data:/bin/sh\n' >"$root/etc/passwd"
    printf 'root:x:0:\nnogroup:x:65534:\npostgres:x:999:\nredis:x:998:\n' >"$root/etc/group"
    printf 'hosts: files dns\npasswd: files\ngroup: files\n' >"$root/etc/nsswitch.conf"
    cp -L /bin/sh "$root/bin/sh"
    add_libraries "$root" /bin/sh
}

# image NAME TAG PROGRAM FILL CHANGE…: imports what the function FILL puts into a folder, unless that was done before.
image() {
    local name=firedrill-test/$1 tag=$2 program=$3 fill=$4 of old root change
    shift 4
    of=$(cat "$script" "$(readlink -f "$program")" | sha256sum | cut -d ' ' -f 1)
    if [ "$(docker image inspect -f '{{ index .Config.Labels "firedrill-test.of" }}' "$name:$tag" 2>/dev/null)" = "$of" ]; then
        echo "$name:$tag is here already"
        return
    fi
    root=$(mktemp -d)
    skeleton "$root"
    "$fill" "$root"
    local changes=(--change "LABEL firedrill-test.of=$of")
    for change in "$@"; do changes+=(--change "$change"); done
    # The one that it takes the name from would be left without any.
    old=$(docker image inspect -f '{{ .Id }}' "$name:$tag" 2>/dev/null || true)
    tar -C "$root" --owner=0 --group=0 -c . | docker import "${changes[@]}" - "$name:$tag" >/dev/null
    [ -z "$old" ] || docker image rm "$old" >/dev/null 2>&1 || true
    rm -rf "$root"
    echo "$name:$tag built"
}

# add_program PATH PROGRAM ROOT: the program at that path, and its libraries.
add_program() {
    install -D -m 755 "$(readlink -f "$2")" "$3$1"
    add_libraries "$3" "$2"
}

prometheus=$(command -v prometheus)
alertmanager=$(command -v prometheus-alertmanager || command -v alertmanager)
node=$(command -v prometheus-node-exporter || command -v node_exporter)
postgres_exporter=$(command -v prometheus-postgres-exporter || command -v postgres_exporter)
redis_exporter=$(command -v prometheus-redis-exporter || command -v redis_exporter)
redis=$(command -v redis-server)
postgres_bin=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin | sort -V | tail -n 1)
postgres_share=/usr/share/postgresql/$(basename "$(dirname "$postgres_bin")")

# The first thing that looks like a version.
version() { "$@" 2>&1 | grep -oE '[0-9]+\.[0-9]+(\.[0-9]+)?' | head -n 1; }

fill_prometheus() {
    add_program /bin/prometheus "$prometheus" "$1"
    mkdir -p "$1/etc/prometheus" "$1/prometheus" && chmod 777 "$1/prometheus"
    printf 'scrape_configs: []\n' >"$1/etc/prometheus/prometheus.yml"
}
fill_alertmanager() {
    add_program /bin/alertmanager "$alertmanager" "$1"
    mkdir -p "$1/etc/alertmanager" "$1/alertmanager" && chmod 777 "$1/alertmanager"
    # Debian's reads its default texts from here; the official one has them built in.
    local texts=/usr/share/prometheus/alertmanager
    [ ! -e "$texts" ] || { mkdir -p "$1$texts" && cp -L "$texts"/*.tmpl "$1$texts/"; }
    printf 'route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n' >"$1/etc/alertmanager/alertmanager.yml"
}
fill_node() { add_program /bin/node_exporter "$node" "$1"; }
fill_postgres_exporter() { add_program /bin/postgres_exporter "$postgres_exporter" "$1"; }
fill_redis_exporter() { add_program /redis_exporter "$redis_exporter" "$1"; }
fill_redis() { add_program /usr/local/bin/redis-server "$redis" "$1"; mkdir -p "$1/data"; chmod 777 "$1/data"; }
fill_postgres() {
    local tool
    # Postgres looks for its files from where it stands.
    mkdir -p "$1$postgres_bin" "$1/var/run/postgresql" "$1/usr/local/bin" "$1$(dirname "$postgres_bin")/lib"
    chmod 777 "$1/var/run/postgresql" "$1/var/lib"
    for tool in postgres initdb; do add_program "$postgres_bin/$tool" "$postgres_bin/$tool" "$1"; done
    cp -RL "$postgres_share" "$1$(mkdir -p "$1$(dirname "$postgres_share")" && dirname "$postgres_share")/"
    cp -L "$(dirname "$postgres_bin")"/lib/{plpgsql,dict_snowball}.so "$1$(dirname "$postgres_bin")/lib/"
    for tool in mkdir rm cat; do add_program "/bin/$tool" "/bin/$tool" "$1"; done
    cp -RL /usr/share/zoneinfo "$1/usr/share/"
    # What the official image's entrypoint does of what is needed here.
    cat >"$1/usr/local/bin/docker-entrypoint.sh" <<ENTRYPOINT
#!/bin/sh
set -e
export PATH=$postgres_bin:/bin PGDATA=\${PGDATA:-/var/lib/postgresql/data} LC_ALL=C
user=\${POSTGRES_USER:-postgres}
if [ ! -e "\$PGDATA/PG_VERSION" ]; then
    printf '%s' "\$POSTGRES_PASSWORD" >/tmp/password
    initdb -D "\$PGDATA" -U "\$user" --pwfile=/tmp/password --auth-host=scram-sha-256 --auth-local=trust >/dev/null
    rm /tmp/password
    printf 'host all all all scram-sha-256\n' >>"\$PGDATA/pg_hba.conf"
    if [ "\${POSTGRES_DB:-\$user}" != postgres ]; then
        printf 'CREATE DATABASE "%s";\n' "\${POSTGRES_DB:-\$user}" | postgres --single -D "\$PGDATA" postgres >/dev/null
    fi
fi
[ "\${1#-}" = "\$1" ] || set -- postgres "\$@"
exec "\$@" -c listen_addresses='*'
ENTRYPOINT
    chmod 755 "$1/usr/local/bin/docker-entrypoint.sh"
}

: >"$map"
# stands_for NAME IMAGE PROGRAM FILL CHANGE…
stands_for() {
    local name=$1 stands=$2 program=$3 tag
    tag=$(version "$program" --version)
    image "$name" "$tag" "$program" "${@:4}"
    printf '%s: firedrill-test/%s:%s\n' "$stands" "$name" "$tag" >>"$map"
}

stands_for prometheus prom/prometheus "$prometheus" fill_prometheus 'ENTRYPOINT ["/bin/prometheus"]' \
    'CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]' 'USER nobody' 'WORKDIR /prometheus' 'EXPOSE 9090'
stands_for alertmanager prom/alertmanager "$alertmanager" fill_alertmanager 'ENTRYPOINT ["/bin/alertmanager"]' \
    'CMD ["--config.file=/etc/alertmanager/alertmanager.yml", "--storage.path=/alertmanager"]' 'USER nobody' 'WORKDIR /alertmanager' 'EXPOSE 9093'
stands_for node-exporter prom/node-exporter "$node" fill_node 'ENTRYPOINT ["/bin/node_exporter"]' 'USER nobody' 'EXPOSE 9100'
stands_for postgres-exporter prometheuscommunity/postgres-exporter "$postgres_exporter" fill_postgres_exporter \
    'ENTRYPOINT ["/bin/postgres_exporter"]' 'USER nobody' 'EXPOSE 9187'
stands_for redis-exporter oliver006/redis_exporter "$redis_exporter" fill_redis_exporter \
    'ENTRYPOINT ["/redis_exporter"]' 'USER nobody' 'EXPOSE 9121'
stands_for redis redis "$redis" fill_redis 'CMD ["redis-server"]' 'ENV PATH=/usr/local/bin:/bin' 'USER redis' 'WORKDIR /data' 'EXPOSE 6379'
stands_for postgres postgres "$postgres_bin/postgres" fill_postgres 'ENTRYPOINT ["/usr/local/bin/docker-entrypoint.sh"]' \
    'CMD ["postgres"]' 'USER postgres' 'EXPOSE 5432'
