# What a hostile patch tries from make; prints what works. CANARY is a directory of
# the host, PORT a service there, SUBMOUNT a mount below the host's programs.

# Never outside a sandbox.
[ -d /build ] && [ -d /src ] || exit 9
try() { "$@" > /dev/null 2>&1 && echo "ESCAPED: $*"; }
# The host's files and processes.
try ls /proc/1/root/etc
try sh -c ': > /proc/1/root/tmp/escaped'
try ls /proc/1/cwd/
try cat "$CANARY/secret"
try sh -c ': > "$CANARY/escaped"'
try ls "$HOST_HOME/.cache"
try sh -c 'ls /home/*'
try cat /etc/shadow
try sh -c ': > /usr/escaped'
try sh -c ': > /escaped'
try sh -c ': > /src/escaped'
try sh -c ': > /lab/escaped'
try sh -c ': > "$SUBMOUNT/escaped"'
try mount -t tmpfs none /tmp
try mknod /tmp/disk b 8 0
try chroot /proc/1/root true
try nsenter -t 1 -m true
# The host's kernel: root needs no capability for /proc/sys. The value stays the same.
try sh -c 'cat /proc/sys/kernel/core_pattern > /proc/sys/kernel/core_pattern'
try sh -c 'cat /proc/sys/kernel/pid_max > /proc/sys/kernel/pid_max'
try sh -c ': > /proc/sysrq-trigger'
# Devices, the terminal and the network.
for device in /dev/*; do
  case $device in
  /dev/null | /dev/zero | /dev/full | /dev/random | /dev/urandom | /dev/fd | /dev/std* | /dev/shm) ;;
  *) echo "ESCAPED: $device" ;;
  esac
done
# The mode stays the same.
try chmod 666 /dev/full
try sh -c ': > /dev/shm/escaped'
try ls /sys/kernel
try sh -c 'grep -q . /proc/net/route && test "$(wc -l < /proc/net/route)" -gt 1'
try bash -c 'exec 3<> "/dev/tcp/127.0.0.1/$PORT"'
[ "$(ls /sys/class/net 2> /dev/null)" ] && echo 'ESCAPED: network devices'
# Rights and limits.
grep -q '^CapEff:	0000000000000000$' /proc/self/status || echo 'ESCAPED: capabilities'
grep -q '^NoNewPrivs:	1$' /proc/self/status || echo 'ESCAPED: new privileges'
grep -q '^Max address space  *17179869184 ' /proc/self/limits || echo 'ESCAPED: memory'
grep -q '^Max file size  *4294967296 ' /proc/self/limits || echo 'ESCAPED: file size'
[ "$(cat /proc/self/oom_score_adj)" = 1000 ] || echo 'ESCAPED: the first to be killed'
echo 'the escape ends'
