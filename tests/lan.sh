#!/usr/bin/env bash
# Another computer of the home, in a network of its own: it reaches nothing until `brisk web expose lan`, then the door and
# nothing behind it without a code, and nothing again after `brisk web expose off`. Needs `ip`, and root or a system that lets users
# have networks of their own.
set -euo pipefail
cd "$(dirname "$0")/.."
brisk="${CARGO_TARGET_DIR:-target}/debug/brisk"

# Everything happens in a network that holds this test alone.
if [ "${BRISK_LAN:-}" != inside ]; then
    cargo build --quiet --workspace --all-features --bin brisk
    mapped=(--map-root-user)
    [ "$(id -u)" != 0 ] || mapped=()
    if ! unshare --net "${mapped[@]}" true; then
        echo "a network of its own takes root, or a system that lets users have one: nothing is compared"
        exit 0
    fi
    BRISK_LAN=inside exec unshare --net "${mapped[@]}" --mount --pid --fork --mount-proc --kill-child bash "$0"
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Two computers, joined by a cable: this one is 10.77.0.1, the other 10.77.0.2.
unshare --net sleep 600 &
other=$!
ip link set lo up
ip link add near type veth peer name far
# The other network is there once its process has left this one.
until [ "$(readlink "/proc/$other/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
ip link set far netns "$other"
ip addr add 10.77.0.1/24 dev near
ip link set near up
on_other() { nsenter --net="/proc/$other/ns/net" "$@"; }
on_other ip addr add 10.77.0.2/24 dev far
on_other ip link set far up
on_other ip link set lo up

printf '[bluetooth]\nradio = "simulated"\n[web]\nlisten = "127.0.0.1:8791"\n' >"$work/brisk.toml"
mkdir -m 700 "$work/data"
ask() { "$brisk" --data "$work/data" --config "$work/brisk.toml" "$@"; }
ask run 2>"$work/log" &
daemon=$!
trap 'kill $daemon $other 2>/dev/null || true; rm -rf "$work"' EXIT
for _ in $(seq 300); do ! ask web url 2>/dev/null | grep -q http || break; sleep 0.1; done
ask web url | grep -q http || { echo "the daemon shows no pages"; cat "$work/log"; exit 1; }

# get HOST PATH [HEADER]: the first line of the answer as the other computer sees it; nothing when nobody answers.
get() {
    on_other timeout 10 bash -c '
        exec 3<>/dev/tcp/10.77.0.1/8791 || exit 0
        printf "GET %s HTTP/1.1\r\nHost: %s\r\n%sConnection: close\r\n\r\n" "$2" "$1" "${3:+$3
}" >&3
        cat <&3' - "$@" 2>/dev/null | tr -d '\r'
}
expect() {
    local what=$1 want=$2 got=$3
    [ "$got" = "$want" ] || { echo "$what: \"$got\" instead of \"$want\""; cat "$work/log"; exit 1; }
    echo "$what: ok"
}
first() { get "$@" | head -n 1; }
address=10.77.0.1:8791

expect "closed: nobody answers" "" "$(first $address /)"

ip route add default via 10.77.0.2
ask web expose lan --for 2h --quiet | grep -q "$address"
expect "open: the door is shown" "HTTP/1.1 200 OK" "$(first $address /enter)"
expect "open: a page leads to the door" "HTTP/1.1 303 See Other" "$(first $address /)"
expect "open: the API asks who it is" "HTTP/1.1 401 Unauthorized" "$(first $address /api/v1/today)"
expect "open: codes are not made from there" "HTTP/1.1 401 Unauthorized" "$(first $address /api/v1/web/code)"
expect "open: another name is refused" "HTTP/1.1 403 Forbidden" "$(first evil.example:8791 /enter)"
expect "open: this computer's own name is none from there" "HTTP/1.1 200 OK" "$(first "$(hostname | tr 'A-Z' 'a-z').local:8791" /enter)"

# A browser there with a code.
code=$(ask web code --quiet)
let_in() {
    on_other bash -c '
        exec 3<>/dev/tcp/10.77.0.1/8791
        body="code=$1"
        printf "POST /enter HTTP/1.1\r\nHost: 10.77.0.1:8791\r\nOrigin: http://10.77.0.1:8791\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" "${#body}" "$body" >&3
        cat <&3' - "$1" | tr -d '\r'
}
cookie=$(let_in "$code" | sed -n 's/^set-cookie: \(brisk=[0-9a-f]*\);.*/\1/p')
expect "open: a code lets a browser in" "70" "${#cookie}"
expect "open: it sees the pages" "HTTP/1.1 200 OK" "$(first $address /setup/network "Cookie: $cookie")"
expect "open: the code is used up" "" "$(let_in "$code" | grep -i set-cookie || true)"

ask web expose off --quiet >/dev/null
# The port closes a moment after the command has said so.
for _ in $(seq 100); do [ -n "$(first $address /enter)" ] || break; sleep 0.05; done
expect "closed again: nobody answers" "" "$(first $address / "Cookie: $cookie")"
expect "closed again: this computer is answered" "HTTP/1.1 200 OK" \
    "$(exec 3<>/dev/tcp/127.0.0.1/8791; printf 'GET /enter HTTP/1.1\r\nHost: localhost:8791\r\nConnection: close\r\n\r\n' >&3; head -n 1 <&3 | tr -d '\r')"
for secret in "$code" "${code/-/}" "${cookie#brisk=}"; do
    ! grep -q "$secret" "$work/log" || { echo "a secret stands in the log"; exit 1; }
done
echo "no secret in the log: ok"
