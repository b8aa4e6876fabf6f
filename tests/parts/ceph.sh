#!/usr/bin/env bash
# A real Ceph RGW for the tests: one mon, one OSD in memory, one radosgw, all on 127.0.0.1, no cephx, no systemd.
#
#   ceph.sh install                             Debian packages, as root: 36 packages, 61 MB
#   ceph.sh run DIR HTTP TLS MON_V2 MON_V1      serve on these ports, say "ready", and stop when stdin closes
#
# The pipe on stdin is the leash: it closes when the tests end, however they end, and then everything here goes.
set -euo pipefail

install() {
  apt-get -o DPkg::Lock::Timeout=600 update -q
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -y -q --no-install-recommends \
    ceph-mon ceph-osd radosgw curl openssl
}

configure() {
  openssl req -x509 -newkey rsa:2048 -nodes -days 30 -keyout "$dir/tls.key" -out "$dir/tls.pem" -subj /CN=localhost \
    -addext "subjectAltName=DNS:localhost,DNS:*.localhost,IP:127.0.0.1" 2>/dev/null
  # paxos: map changes are batched for a second each otherwise, and every new pool waits for several.
  # ms mon client mode: radosgw compiles in "secure", which cannot be had without cephx.
  cat > "$CEPH_CONF" <<CONF
[global]
fsid = $fsid
mon host = [v2:127.0.0.1:$mon_v2,v1:127.0.0.1:$mon_v1]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon warn on pool no redundancy = false
mon max pg per osd = 1000
paxos propose interval = 0.02
paxos min wait = 0.01
mon tick interval = 1
run dir = $dir/run
admin socket = $dir/run/\$name.asok
log file = $dir/log/\$name.log
pid file =
crash dir = $dir/run
[mon]
mon data = $dir/mon
mon data avail crit = 1
[mon.a]
[osd]
osd data = $dir/osd
osd objectstore = memstore
memstore device bytes = 1073741824
osd crush initial weight = 1
osd op num shards = 2
[client.rgw.test]
ms mon client mode = crc
rgw data = $dir/rgw
rgw frontends = beast endpoint=127.0.0.1:$http ssl_endpoint=127.0.0.1:$tls ssl_certificate=$dir/tls.pem ssl_private_key=$dir/tls.key
rgw dns name = localhost
rgw enable usage log = false
rgw thread pool size = 64
CONF
}

daemons=()

start() { # name, command: a child that also dies if this script is killed
  local name=$1
  shift
  setpriv --pdeathsig KILL "$@" </dev/null >"$dir/log/$name.out" 2>&1 &
  daemons+=($!)
}

await() { # what to try, until it works or a daemon has ended
  for _ in $(seq 300); do
    "$@" >/dev/null 2>&1 && return
    for pid in "${daemons[@]}"; do kill -0 "$pid" || { tail -n 5 "$dir"/log/*.out >&2; exit 1; }; done
    sleep 0.1
  done
  echo "gave up waiting for: $*" >&2
  exit 1
}

osd_is_up() { ceph --connect-timeout 30 osd stat | grep -q "1 up"; }

new_user() { # uid, access key, secret
  radosgw-admin -n client.rgw.test user create --uid "$1" --display-name "$1" --access-key "$2" --secret-key "$3" \
    >"$dir/log/user-$1.out" 2>&1
}

run() {
  dir=$1 http=$2 tls=$3 mon_v2=$4 mon_v1=$5
  export CEPH_CONF="$dir/ceph.conf"
  fsid=$(cat /proc/sys/kernel/random/uuid)
  trap '{ kill -KILL "${daemons[@]}"; wait; } 2>/dev/null; rm -rf "$dir"' EXIT
  trap 'exit 1' TERM INT HUP
  mkdir -p "$dir"/{mon,osd,rgw,run,log}
  configure
  monmaptool --create --clobber --fsid "$fsid" --addv a "[v2:127.0.0.1:$mon_v2,v1:127.0.0.1:$mon_v1]" "$dir/monmap" >/dev/null
  ceph-mon -i a --mkfs --monmap "$dir/monmap" >"$dir/log/mon-mkfs.out" 2>&1
  start mon ceph-mon -i a -f
  osd_uuid=$(cat /proc/sys/kernel/random/uuid)
  ceph --connect-timeout 30 osd new "$osd_uuid" >"$dir/log/osd-new.out" 2>&1
  ceph-osd -i 0 --mkfs --osd-uuid "$osd_uuid" >"$dir/log/osd-mkfs.out" 2>&1
  start osd ceph-osd -i 0 -f
  await osd_is_up
  new_user owner TESTOWNERACCESSKEY00 testownersecretkey0000000000000000000000
  new_user other TESTOTHERACCESSKEY00 testothersecretkey0000000000000000000000
  start rgw radosgw -n client.rgw.test -f
  await curl -fsS -o /dev/null "http://127.0.0.1:$http/"
  echo ready
  cat >/dev/null
}

case "${1:-}" in
  install) install ;;
  run) shift; run "$@" ;;
  *) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
