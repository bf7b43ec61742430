// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Scripts for the board: POSIX sh, with programs that busybox also has.
//!
//! `sh -s` reads a script from standard input, so that any login shell works. All
//! scripts are idempotent, because a lost connection may repeat them.

use std::fmt::Write as _;

use super::error::SshError;

/// The line before an answer; output of login shells comes earlier.
pub(super) const BEGIN: &str = "reglist: begin";
pub(super) const PROGRAM: &str = "reglist-suite";
/// Lines of the kernel log before the run that mark its start.
pub(super) const MARKER: usize = 20;

/// Default parents of the temporary directory.
const PLACES: &str = r#""${TMPDIR:-}" /tmp "${XDG_RUNTIME_DIR:-}" "${HOME:-}" /var/tmp"#;

/// Shell functions: whether the suite's process runs, and a short sleep.
const ALIVE: &str = r#"alive() { [ -e pid ] && grep -qF "$PWD/" "/proc/$(cat pid)/cmdline" 2>/dev/null; }
moment() { sleep 0.2 2>/dev/null || sleep 1; }
"#;

pub(super) fn quoted(word: &str) -> Result<String, SshError> {
    shlex::try_quote(word).map(Into::into).map_err(|_| SshError::Unspeakable { word: word.to_owned() })
}

fn script(body: &str) -> String {
    format!("LC_ALL=C; export LC_ALL; umask 077\necho '{BEGIN}'\n{body}")
}

/// Prints machine, kernel and boot id, one per line.
pub(super) fn identify() -> String {
    script("uname -m; uname -r; cat /proc/sys/kernel/random/boot_id 2>/dev/null || echo unknown\n")
}

/// Creates a directory where programs can run and `need` KiB are free. Prints
/// `no` and a reason for each unusable place, then `yes` and the path.
pub(super) fn make_directory(name: &str, wish: Option<&str>, need: u64) -> Result<String, SshError> {
    let places = wish.map_or_else(|| Ok(PLACES.to_owned()), quoted)?;
    Ok(script(&format!(
        r#"tried=
for place in {places}; do
    case $place in
    '') continue ;;
    [!/]* | *[!A-Za-z0-9._/+:,@%=-]*) echo "no $place: not an absolute path of plain characters"; continue ;;
    esac
    case " $tried " in *" $place "*) continue ;; esac
    tried="$tried $place"
    directory=${{place%/}}/{name}
    # An earlier call of this script may have created the directory.
    if ! why=$(mkdir -m 700 "$directory" 2>&1) && {{ [ ! -d "$directory" ] || [ -h "$directory" ]; }}; then
        echo "no $place: $why"
        continue
    fi
    set -- $(df -Pk "$directory" 2>/dev/null | tail -n 1)
    case ${{4:-x}} in
    *[!0-9]*) ;;
    *) if [ "$4" -lt {need} ]; then
            echo "no $place: $4 KiB free, {need} KiB required"
            rm -rf "$directory"
            continue
        fi ;;
    esac
    if ! why=$({{ echo '#!/bin/sh' > "$directory/probe" && chmod 700 "$directory/probe" && "$directory/probe"; }} 2>&1); then
        echo "no $place: programs cannot run there (${{why##*: }})"
        rm -rf "$directory"
        continue
    fi
    rm -f "$directory/probe"
    echo "yes $directory"
    exit 0
done
exit 1
"#
    )))
}

/// The command that copies the program from standard input. Not a script, because
/// a shell may read ahead. The directory's name is a plain word for every shell.
pub(super) fn take_program(directory: &str) -> String {
    format!("cat > {directory}/{PROGRAM}")
}

/// Checks the program. Exit status 3: incomplete; 4: does not run.
pub(super) fn check_program(directory: &str, bytes: u64) -> Result<String, SshError> {
    let directory = quoted(directory)?;
    Ok(script(&format!(
        r#"cd {directory} || exit 3
size=$(wc -c < {PROGRAM}) || exit 3
if [ "$size" -ne {bytes} ]; then
    echo "$((size)) of {bytes} bytes have arrived"
    exit 3
fi
chmod 700 {PROGRAM} && ./{PROGRAM} --version 2>&1 || exit 4
"#
    )))
}

/// Prints the last lines of the kernel log, or the read error with exit status 1.
pub(super) fn kernel_log(directory: &str, lines: Option<usize>) -> Result<String, SshError> {
    let directory = quoted(directory)?;
    let show = lines.map_or_else(|| "cat".to_owned(), |lines| format!("tail -n {lines}"));
    Ok(script(&format!(
        r#"cd {directory} || exit 1
if ! dmesg > log 2> log.why; then
    if ! journalctl -k -b -q -o short-monotonic --no-pager > log 2>> log.why || [ ! -s log ]; then
        cat log.why
        exit 1
    fi
fi
{show} < log
"#
    )))
}

/// Prints the last lines of another boot's kernel log in the journal.
pub(super) fn log_of_boot(boot: &str, lines: usize) -> Result<String, SshError> {
    let boot = quoted(&boot.replace('-', ""))?;
    Ok(script(&format!("journalctl -k -q -b {boot} -n {lines} -o short-monotonic --no-pager 2>/dev/null\n")))
}

/// Starts the suite once, detached from the connection. Each start has its own
/// directory in the run's.
pub(super) fn start(directory: &str, part: u32, arguments: &[String]) -> Result<String, SshError> {
    let mut words = String::new();
    for argument in arguments {
        let _ = write!(words, " {}", quoted(argument)?);
    }
    let directory = quoted(directory)?;
    Ok(script(&format!(
        r#"cd {directory} || exit 3
mkdir {part} 2>/dev/null || {{ [ -d {part} ] && exit 0; exit 3; }}
cd {part} || exit 3
set --{words}
# Ignore SIGHUP of the lost connection.
run='trap "" HUP
"$PWD/../{PROGRAM}" --events events "$@" > output 2> errors < /dev/null &
echo $! > pid
wait $!
echo $? > status.part
mv status.part status'
if command -v setsid >/dev/null 2>&1; then
    setsid sh -c "$run" reglist "$@" </dev/null >/dev/null 2>&1 &
else
    (trap '' HUP; exec sh -c "$run" reglist "$@") </dev/null >/dev/null 2>&1 &
fi
"#
    )))
}

/// Prints frames: `data` with a number of bytes and the events from `offset` on,
/// `alive` regularly, and at the end `end` with the suite's exit status, or `gone`.
/// With `once` it does not wait for the end.
pub(super) fn follow(directory: &str, part: u32, offset: u64, once: bool) -> Result<String, SshError> {
    let directory = quoted(directory)?;
    let patience = if once { 0 } else { 10 };
    Ok(script(&format!(
        r#"cd {directory}/{part} 2>/dev/null || {{ echo gone; exit 0; }}
{ALIVE}offset={offset} missing=0
while :; do
    # Check the status first: after it the events are complete.
    ended=
    [ -e status ] && ended=1
    size=$offset
    [ -e events ] && {{ size=$(wc -c < events) || exit 1; }}
    if [ "$size" -gt "$offset" ]; then
        echo "data $((size - offset))" || exit 1
        tail -c "+$((offset + 1))" events | head -c "$((size - offset))" || exit 1
        offset=$((size))
    fi
    if [ "$ended" ]; then
        echo "end $(cat status)"
        exit 0
    fi
    if alive; then
        missing=0
    else
        missing=$((missing + 1))
        if [ "$missing" -gt {patience} ]; then
            echo gone
            exit 0
        fi
    fi
    # After a lost connection this write fails.
    echo alive || exit 1
    moment
done
"#
    )))
}

/// Ends the suite; prints `alive` if it still runs.
pub(super) fn stop(directory: &str, part: u32) -> Result<String, SshError> {
    let directory = quoted(directory)?;
    Ok(script(&format!(
        r#"cd {directory}/{part} 2>/dev/null || exit 0
{ALIVE}for signal in TERM KILL; do
    alive || break
    kill -s "$signal" "$(cat pid)"
    tries=0
    while alive && [ "$tries" -lt 15 ]; do
        moment
        tries=$((tries + 1))
    done
done
alive && echo alive
exit 0
"#
    )))
}

/// Prints the end of a file of the suite.
pub(super) fn output(directory: &str, part: u32, file: &str) -> Result<String, SshError> {
    let directory = quoted(directory)?;
    Ok(script(&format!("tail -c 100000 {directory}/{part}/{file} 2>/dev/null\n")))
}

/// Removes the directory; prints its path if it remains.
pub(super) fn remove(name: &str, directory: Option<&str>) -> Result<String, SshError> {
    let places = match directory {
        Some(directory) => quoted(directory.strip_suffix(name).unwrap_or(directory))?,
        None => PLACES.to_owned(),
    };
    Ok(script(&format!(
        r#"cd /
for place in {places}; do
    directory=${{place%/}}/{name}
    if [ "$place" ] && [ -d "$directory" ] && [ ! -h "$directory" ]; then
        rm -rf "$directory" || echo "$directory"
    fi
done
"#
    )))
}
