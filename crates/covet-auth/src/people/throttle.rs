//! How long who fails must wait.
//!
//! Failures are counted per account and address together, per account, and per address, each with a delay that doubles.
//! Attempts during a delay are not looked at and not counted: a lock is not made longer from outside. A browser that has
//! logged the user in before is counted by itself instead of by the account, so that nobody can keep the user out by
//! guessing from elsewhere.

use std::net::IpAddr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::store::Failures;
use crate::oauth2::secret;

/// The longest delay.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// After so long without another failure the count begins anew.
pub(crate) const MEMORY: SignedDuration = SignedDuration::from_hours(24);

/// One count of failures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) key: String,
    /// So many failures are free.
    free: u32,
    /// Whether a good login takes all failures back, or just its own attempt: who has one account must not clear the
    /// count of an address from which it guesses others.
    pub(super) is_cleared_by_success: bool,
}

/// The counts that an attempt belongs to. Logins and devices go in as hashes, since they can be of any length.
pub(super) fn counts(login: &str, address: Option<IpAddr>, device: Option<&str>) -> Vec<Count> {
    let login = secret::hash(login);
    let network = address.map(network);
    let count = |key: String, free, is_cleared_by_success| Count { key, free, is_cleared_by_success };
    let mut counts = Vec::with_capacity(3);
    match device {
        Some(device) => counts.push(count(format!("device:{device}:{login}"), 5, true)),
        None => {
            counts.push(count(format!("account:{login}"), 10, true));
            if let Some(network) = &network {
                counts.push(count(format!("pair:{login}:{network}"), 5, true));
            }
        }
    }
    counts.extend(network.map(|network| count(format!("address:{network}"), 30, false)));
    counts
}

/// The address, or for IPv6 its network of 64 bits, which is what one customer has.
pub(crate) fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

impl Count {
    /// How long until the next attempt is looked at.
    pub(super) fn wait(&self, failures: Option<Failures>, now: Timestamp) -> Option<Duration> {
        let Failures { count, last_at } = failures?;
        wait(self.free, count, last_at, now)
    }
}

/// How long until the next attempt is looked at, after so many failures of which some were free.
pub(crate) fn wait(free: u32, failures: u32, last_at: Timestamp, now: Timestamp) -> Option<Duration> {
    if last_at + MEMORY < now {
        return None;
    }
    let beyond = failures.checked_sub(free)?;
    let delay = Duration::from_secs(1_u64.checked_shl(beyond).unwrap_or(u64::MAX)).min(LONGEST);
    let until = last_at + SignedDuration::try_from(delay).ok()?;
    // In whole seconds, rounded up: what is told must be enough.
    let left = until.duration_since(now);
    left.is_positive().then(|| Duration::from_secs(left.as_secs().unsigned_abs() + 1).min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_a_quarter_of_an_hour() {
        let count = Count { key: String::new(), free: 5, is_cleared_by_success: true };
        let last_at = Timestamp::from_second(1_800_000_000).unwrap();
        let check = |failures: u32, after_ms: i64, expected: Option<u64>| {
            let now = last_at + SignedDuration::from_millis(after_ms);
            let found = count.wait(Some(Failures { count: failures, last_at }), now);
            assert_eq!(found.map(|wait| wait.as_secs()), expected, "{failures} {after_ms}");
        };
        check(4, 1, None);
        check(5, 1, Some(1));
        check(5, 1000, None);
        check(6, 1, Some(2));
        check(9, 1000, Some(16));
        check(9, 15_500, Some(1));
        check(9, 16_000, None);
        check(15, 1000, Some(900));
        check(200, 1, Some(900));
        check(u32::MAX, 900_000, None);
        check(u32::MAX, 25 * 3600 * 1000, None);
        assert_eq!(count.wait(None, last_at), None);
    }

    #[test]
    fn what_is_counted() {
        let keys = |address: Option<&str>, device: Option<&str>| -> Vec<String> {
            let counts = counts("ada", address.map(|text| text.parse().unwrap()), device);
            counts.into_iter().map(|count| count.key.replace(&secret::hash("ada"), "ADA")).collect()
        };
        assert_eq!(keys(None, None), ["account:ADA"]);
        assert_eq!(keys(Some("10.0.0.1"), None), ["account:ADA", "pair:ADA:10.0.0.1", "address:10.0.0.1"]);
        assert_eq!(keys(Some("::ffff:10.0.0.1"), Some("d")), ["device:d:ADA", "address:10.0.0.1"]);
        assert_eq!(keys(Some("2001:db8:1:2:3::4"), Some("d")), ["device:d:ADA", "address:2001:db8:1:2::/64"]);
    }
}
