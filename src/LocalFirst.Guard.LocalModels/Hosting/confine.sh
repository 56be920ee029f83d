# Runs inside a fresh user, network, mount, IPC and UTS namespace and builds a root that holds only what the model host needs: system
# libraries, the .NET runtime, the program, the natives and the model, all read-only, and the folder of its socket. Home, keys and CA are not
# hidden there; they do not exist there.
#
# Arguments: ROOT (an empty folder to build in), SOCKET_FOLDER, "gpu" or "cpu", then paths to show read-only, "--", and the command.
# Exit code 97 says that the system does not allow this; the broker then tries less and says so.
set -e
trap 'exit 97' EXIT
PATH=/usr/sbin:/usr/bin:/sbin:/bin
root=$1
socket=$2
device=$3
shift 3

show() {
  if [ -e "$root$1" ]; then
    :
  elif [ -d "$1" ]; then
    mkdir -p "$root$1"
  else
    mkdir -p "$root$(dirname "$1")"
    : >"$root$1"
  fi
  mount --rbind "$1" "$root$1"
}

show_read_only() {
  case "$shown" in *"|$1|"*) return 0 ;; esac
  shown="$shown|$1|"
  show "$1"
  mount -o remount,bind,ro "$root$1"
}

mount -t tmpfs -o size=1m,mode=0755,nosuid,nodev tmpfs "$root"
shown=
for path in /usr /etc/ld.so.cache /lib /lib64 /lib32 /bin /sbin; do
  if [ -L "$path" ]; then
    ln -s "$(readlink "$path")" "$root$path"
  elif [ -e "$path" ]; then
    show_read_only "$path"
  fi
done
while [ "$1" != "--" ]; do
  show_read_only "$1"
  shift
done
shift

show_read_only /proc
for path in /dev/null /dev/zero /dev/random /dev/urandom; do
  show "$path"
done
if [ "$device" = gpu ]; then
  for path in /dev/nvidia* /dev/dri /dev/kfd /etc/vulkan /sys; do
    if [ -e "$path" ]; then show "$path"; fi
  done
fi
show "$socket"

mount -o remount,bind,ro "$root"
cd "$root"
pivot_root . .
umount -l .
cd /
trap - EXIT
exec "$@"
