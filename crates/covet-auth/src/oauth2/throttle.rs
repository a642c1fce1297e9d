//! How long who guesses clients' secrets must wait.
//!
//! Wrong secrets are counted per client and address together and per address, each with a delay that doubles; never per
//! client alone, so that nobody can keep a client out from elsewhere. A client that has proved itself from an address is not
//! held up by what others guess from there. The counts are of this process: a secret has far too many bits for a few
//! processes to help who guesses, and a count costs no write to the database.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::secret;
use crate::people::throttle::{MEMORY, network, wait};

/// So many wrong secrets of one client from one address are free.
const FREE_OF_PAIR: u32 = 5;

/// So many wrong secrets from one address are free, of whatever clients.
const FREE_OF_ADDRESS: u32 = 30;

/// So many counts are kept; beyond, the oldest are forgotten.
const KEPT: usize = 10_000;

/// The counts of wrong secrets.
#[derive(Default)]
pub(super) struct Throttle(Mutex<HashMap<String, Count>>);

#[derive(Clone, Copy)]
struct Count {
    failures: u32,
    last_at: Timestamp,
    /// Whether the client has proved itself from here.
    is_known: bool,
}

impl Throttle {
    /// Looks at a secret, unless it is too early: then the error tells how long to wait, and neither is the secret looked
    /// at nor is the attempt counted.
    pub(super) fn attempt(
        &self,
        (client, address): (&str, Option<IpAddr>),
        now: Timestamp,
        is_right: impl FnOnce() -> bool,
    ) -> Result<bool, Duration> {
        let network = address.map_or_else(|| "local".to_owned(), network);
        // Hashed, since a peer can send a name of any length.
        let pair = format!("{} {network}", secret::hash(client));
        // The lock is held over the comparison, which is one hash, so that many at once are not all looked at.
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = counts.get(&pair).is_some_and(|count| count.is_known);
        let left = |key: &str, free| {
            let count = counts.get(key)?;
            wait(free, count.failures, count.last_at, now)
        };
        let of_address = if known { None } else { left(&network, FREE_OF_ADDRESS) };
        if let Some(wait) = left(&pair, FREE_OF_PAIR).max(of_address) {
            return Err(wait);
        }
        if is_right() {
            keep(&mut counts, pair, Count { failures: 0, last_at: now, is_known: true });
            return Ok(true);
        }
        for (key, is_known) in [(pair, known), (network, false)] {
            let before = counts.get(&key).filter(|count| count.last_at + MEMORY >= now);
            let failures = before.map_or(0, |count| count.failures).saturating_add(1);
            keep(&mut counts, key, Count { failures, last_at: now, is_known });
        }
        Ok(false)
    }
}

/// Keeps a count; where there are too many, the oldest quarter goes, of those that are not known where there are such.
fn keep(counts: &mut HashMap<String, Count>, key: String, count: Count) {
    if counts.len() >= KEPT && !counts.contains_key(&key) {
        let age = |count: &Count| (count.is_known, count.last_at);
        let mut ages: Vec<_> = counts.values().map(age).collect();
        let (_, oldest, _) = ages.select_nth_unstable(KEPT / 4);
        let oldest = *oldest;
        counts.retain(|_, count| age(count) > oldest);
    }
    counts.insert(key, count);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_bounded_and_known_clients_stay() {
        let throttle = Throttle::default();
        let at = |second| Timestamp::from_second(1_800_000_000 + second).unwrap();
        let home: IpAddr = "192.0.2.1".parse().unwrap();
        assert_eq!(throttle.attempt(("web", Some(home)), at(0), || true), Ok(true));
        for number in 0..12_000_u32 {
            let address = IpAddr::from(number.to_be_bytes());
            let _ = throttle.attempt(("web", Some(address)), at(1 + i64::from(number)), || false);
        }
        let counts = throttle.0.lock().unwrap();
        assert!((KEPT / 2..=KEPT).contains(&counts.len()), "{}", counts.len());
        assert_eq!(counts.values().filter(|count| count.is_known).count(), 1);
    }
}
