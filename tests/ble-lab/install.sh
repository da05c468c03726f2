#!/usr/bin/env bash
# Fills the lab's cache: unpacked Debian packages, the guest's kernel and its initramfs. Nothing is
# installed on this machine, and root is not needed.
#
#   install.sh CACHE
#
# BRISK_LAB_KERNEL=linux-image-6.1.0-54-amd64 chooses another kernel package of the archive.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=$1

packages=(qemu-system-x86 bluez busybox-static kmod dbus-daemon dbus-bin xz-utils)
modules=(
    virtio_pci virtio_console virtio_net
    hci_uart uhid
    # Without these the kernel's pairing fails, drbg with "ecdh-nist-p256: test failed".
    sha512_generic drbg cmac ecb algif_hash algif_skcipher
)
programs=(bluetoothd bluetoothctl btattach btmgmt btmon dbus-daemon dbus-send)

fail() {
    echo "$*" >&2
    exit 1
}

# What the cache was made from; it is made anew when this changes.
recipe() {
    cat "$here/install.sh" "$here"/guest/*
    echo "${BRISK_LAB_KERNEL:-}"
}

own_lists=()
apt() {
    local tool=$1
    shift
    "$tool" -o APT::Sandbox::User="$(id -un)" -o Debug::NoLocking=true -o Dir::Cache="$cache/apt" \
        -o Dir::Cache::archives="$cache/apt/archives" "${own_lists[@]}" "$@"
}

# Kernels 6.1.192-1 and -2 have a regression: a peripheral that lost its bond makes bluetoothd die in
# the kernel ("list_del corruption" in hci_chan_del), and D-Bus calls to the next one hang.
kernel_package() {
    local name version
    if [ -n "${BRISK_LAB_KERNEL:-}" ]; then
        echo "$BRISK_LAB_KERNEL"
        return
    fi
    while read -r name; do
        version=$(apt apt-cache show "$name" | sed -n '0,/^Version: /s/^Version: //p')
        case $version in
            6.1.192-1 | 6.1.192-2) ;;
            *)
                echo "$name"
                return
                ;;
        esac
    done < <(apt apt-cache search --names-only '^linux-image-[0-9.]+-[0-9]+-amd64$' | awk '{ print $1 }' | sort -rV)
    name=$(apt apt-cache depends linux-image-amd64 | sed -n 's/^ *Depends: \(linux-image-[0-9][^ ]*\)$/\1/p' | tail -n 1)
    [ -n "$name" ] || return 1
    echo "note: only a kernel with a known fault is left in the archive: $name" >&2
    echo "$name"
}

download() {
    local kernel
    mkdir -p apt/archives/partial
    # --reinstall: also what this machine has; what else is missing comes as a dependency.
    apt apt-get install -qq -y --no-install-recommends --reinstall --download-only "${packages[@]}" || return
    kernel=$(kernel_package) || return
    (cd apt/archives && apt apt-get download -qq "$kernel") || return
    echo "$kernel" > kernel
}

download_with_fresh_lists() {
    own_lists=(-o Dir::State::Lists="$cache/apt/lists")
    rm -rf apt/archives
    mkdir -p apt/lists/partial
    apt apt-get update -qq && download
}

unpack() {
    local deb only d
    mkdir -p root/usr/{bin,sbin,lib,lib64}
    for d in bin sbin lib lib64; do ln -s "usr/$d" "root/$d"; done
    for deb in apt/archives/*.deb; do
        only=()
        case $(basename "$deb") in
            linux-image-*)
                only=(--wildcards './boot/vmlinuz-*' './lib/modules/*/modules.*'
                    './lib/modules/*/kernel/'{crypto,arch/x86/crypto,lib,net}
                    './lib/modules/*/kernel/drivers/'{bluetooth,char,virtio,hid,crypto,net/virtio_net.ko*,net/net_failover.ko*})
                ;;
            systemd* | udev_* | libpam* | libnss*) continue ;;
        esac
        dpkg-deb --fsys-tarfile "$deb" | tar -x -C root --keep-directory-symlink "${only[@]}"
    done
}

# The kernel unpacked, so that it is entered directly: unpacking itself costs seconds without KVM.
# The offsets are those of Documentation/x86/boot.rst: setup_sects, payload_offset, payload_length.
unpack_kernel() {
    local image=$1 sectors offset length
    sectors=$(od -An -tu1 -j497 -N1 "$image")
    offset=$(od -An -tu4 -j584 -N4 "$image")
    length=$(od -An -tu4 -j588 -N4 "$image")
    # --single-stream: the length of the kernel follows the compressed data.
    dd if="$image" bs=64K iflag=skip_bytes,count_bytes skip="$(((sectors + 1) * 512 + offset))" count="$((length))" status=none |
        root/usr/bin/xz --decompress --stdout --single-stream > vmlinux
}

initramfs() {
    local libs=$cache/root/usr/lib/x86_64-linux-gnu tree=$cache/initramfs version program file place
    version=$(basename root/lib/modules/*)
    kmod() { (exec -a "$1" "$cache/root/usr/bin/kmod" "${@:2}"); } # it acts by the name it is called
    rm -rf "$tree"
    mkdir -p "$tree"/{bin,lib,usr/bin,etc/bluetooth}
    ln -s lib "$tree/lib64"
    cp root/usr/bin/busybox "$tree/bin/"
    install -m 755 "$here/guest/init" "$tree/init"
    cp "$here/guest/bus.conf" "$tree/etc/"
    cp root/etc/bluetooth/main.conf "$tree/etc/bluetooth/"
    echo "root:x:0:0:root:/root:/bin/sh" > "$tree/etc/passwd"
    echo "root:x:0:" > "$tree/etc/group"
    echo "b215c0deb215c0deb215c0deb215c0de" > "$tree/etc/machine-id"
    echo "${modules[@]}" > "$tree/etc/modules"

    kmod depmod -b "$cache/root" "$version"
    for program in "${modules[@]}"; do
        kmod modprobe -d "$cache/root" -S "$version" --show-depends "$program"
    done | awk '$1 == "insmod" { print $2 }' | sort -u | while read -r file; do
        install -D -m 644 "$file" "$tree/lib/modules/$version/${file#*/"$version"/}"
    done
    cp "root/lib/modules/$version"/modules.{order,builtin,builtin.modinfo} "$tree/lib/modules/$version/"
    kmod depmod -b "$tree" "$version"

    for program in "${programs[@]}"; do
        file=
        for place in root/usr/libexec/bluetooth root/usr/bin /usr/bin; do
            [ -x "$place/$program" ] && file=$place/$program && break
        done
        [ -n "$file" ] || fail "the packages hold no $program"
        cp "$file" "$tree/usr/bin/"
        LD_LIBRARY_PATH=$libs ldd "$file" | awk '$3 ~ "^/" { print $3 } $1 ~ "^/" { print $1 }'
    done | sort -u | while read -r file; do cp -L "$file" "$tree/lib/"; done
    (cd "$tree" && find . | bin/busybox cpio -o -H newc 2> /dev/null) > initrd
    rm -rf "$tree"
}

mkdir -p "$cache"
cd "$cache"
cache=$PWD
exec 9> install.lock
flock 9
recipe=$(recipe | sha256sum)
[ "$(cat recipe 2> /dev/null)" != "$recipe" ] || exit 0

rm -rf recipe root apt vmlinux initrd
# Lists as old as the machine's image may name packages that are gone.
download > download.log 2>&1 || download_with_fresh_lists >> download.log 2>&1 || {
    cat download.log >&2
    fail "apt-get could not fetch the lab's packages: is the Debian archive within reach?"
}
unpack
unpack_kernel root/boot/vmlinuz-*
initramfs
rm -rf apt root/boot
echo "$recipe" > recipe
