//! How many files, and so how many connections, the process may have open.

/// Files that are not connections: the database's, those that are served, the log.
#[cfg(unix)]
const OTHERS: usize = 100;

/// Raises the process's limit as far as it goes. The answer is how many connections fit below it, of those that are
/// wanted.
#[cfg(unix)]
pub(super) fn raise(wanted: usize) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let needed = wanted.saturating_add(OTHERS);
    let is_enough = |limit: Option<u64>| limit.is_none_or(|limit| limit >= needed as u64);
    let mut limit = current;
    if current != maximum {
        match setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
            Ok(()) => limit = maximum,
            Err(error) => tracing::debug!(%error, "the limit of open files could not be raised"),
        }
    }
    if is_enough(limit) {
        return wanted;
    }
    let files = usize::try_from(limit.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
    let connections = files.saturating_sub(OTHERS).max(files / 2);
    tracing::warn!(
        "the system lets this process open {files} files, so it takes {connections} connections and not {wanted}; raise \
         that limit (`ulimit -Hn`, or LimitNOFILE= of systemd) or lower `Limits::connections`"
    );
    connections
}

/// Elsewhere than on Unix there is no such limit.
#[cfg(not(unix))]
pub(super) fn raise(wanted: usize) -> usize {
    wanted
}
