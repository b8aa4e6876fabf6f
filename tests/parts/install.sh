#!/usr/bin/env bash
# Installs the real parts that do not come from PyPI, from Debian's packages, where we may (root, apt-get).
# Elsewhere it says in one line each what is missing and how to get it. The tests then skip those parts; CI fails.
set -uo pipefail

packages=()
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
  || packages+=(chromium)
command -v radosgw >/dev/null && command -v ceph-mon >/dev/null && command -v ceph-osd >/dev/null \
  || packages+=(ceph-mon ceph-osd radosgw curl openssl)
[ ${#packages[@]} -eq 0 ] && exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "Missing for some tests: ${packages[*]}. To get them on Debian or Ubuntu: sudo apt-get install --no-install-recommends ${packages[*]}"
  exit 0
fi
echo "Installing ${packages[*]} …"
export DEBIAN_FRONTEND=noninteractive
apt-get -o DPkg::Lock::Timeout=600 -qq update \
  && apt-get -o DPkg::Lock::Timeout=600 -qq install -y --no-install-recommends "${packages[@]}" >/dev/null \
  || echo "Not installed: ${packages[*]}. Their tests will say so."
exit 0
