#!/bin/sh
# rootfs.sh DIR: makes DIR a small root file system out of the one it runs in: Node, a shell, the tools that scripts written
# for images of Kafka call, what all of these are linked with, and certificates. No package manager, no npm.
set -eu
root=$1

mkdir -p "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib" "$root/usr/lib64" "$root/usr/local/bin" "$root/etc" "$root/var"
for name in bin sbin lib lib64; do ln -s "usr/$name" "$root/$name"; done
mkdir -m 1777 "$root/tmp" "$root/var/tmp"

# The file behind a name, at that name.
copy() {
  mkdir -p "$root$(dirname "$1")"
  cp -L "$1" "$root$1"
}

for tool in awk base64 basename bash cat chmod chown cp cut date df dirname echo env expr false find grep head hostname id ln \
  ls mkdir mktemp mv od printf ps pwd readlink rm sed seq sh sleep sort stat tail tee test timeout touch tr true uname uniq wc \
  xargs; do
  path=$(command -v "$tool" || true)
  case $path in /*) ;; *) path=$(PATH=/usr/bin:/bin env which "$tool" 2>/dev/null || true) ;; esac
  if [ -z "$path" ]; then echo "rootfs.sh: there is no $tool here; the image does without" >&2; else copy "$path"; fi
done
copy "$(command -v node)"

# Each library that anything copied above names, and the loader.
for file in "$root"/usr/bin/* "$root"/usr/local/bin/*; do
  ldd "$file" 2>/dev/null | grep -o '/[^ ]*' || true
done | sort -u | while read -r library; do
  [ -e "$library" ] && copy "$library"
done

for file in /etc/passwd /etc/group /etc/ssl/certs/ca-certificates.crt; do
  if [ -e "$file" ]; then copy "$file"; fi
done
printf 'hosts: files dns\n' > "$root/etc/nsswitch.conf"
