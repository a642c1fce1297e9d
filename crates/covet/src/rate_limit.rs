//! How often a client may ask.
//!
//! The generic cell rate algorithm: for each client one number, the time at which its allowance would be whole again. It
//! lets a burst through at once and the rest at an even rate, without windows at whose edges twice as much fits.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::problem::{ProblemDetails, TOO_MANY_REQUESTS};
use crate::{ClientAddress, Response};

/// Clients that are remembered, about.
const CLIENTS: usize = 100_000;

/// Parts of the table, each under a lock of its own.
const SHARDS: usize = 16;

/// A limit of the requests of each client, by its address (an IPv6 client by its /64 network) or by its principal. Requests
/// over it are answered 429 with `Retry-After`; all answers carry `RateLimit` and `RateLimit-Policy`, which tell what is left
/// of the tightest limit.
///
/// Whatever is limited together shares one count: [`App::rate_limit`](crate::App::rate_limit) limits all of the app together,
/// also requests that no route answers, [`Routes::rate_limit`](crate::Routes::rate_limit) those of a list. The count is kept in the
/// process.
///
/// ```
/// use std::time::Duration;
/// use covet::{post, routes, App, NoContent, RateLimit};
///
/// /// Send a message.
/// #[post("/messages")]
/// async fn send() -> NoContent { NoContent }
///
/// let app = App::new("Mail", "1.0.0")
///     .rate_limit(RateLimit::per_address(600, Duration::from_secs(60)))
///     .routes(routes![send].rate_limit(RateLimit::per_address(5, Duration::from_secs(60))));
/// assert!(app.build().is_ok());
/// ```
#[derive(Debug, Clone)]
pub struct RateLimit {
    quota: u32,
    period: Duration,
    by: By,
    clients: Arc<Clients>,
}

/// What tells one client from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Address,
    Principal,
}

/// A client.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Address(IpAddr),
    Principal(Arc<str>),
}

/// Who sends a request, as far as it is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sender<'a> {
    pub(crate) address: ClientAddress,
    pub(crate) principal: Option<&'a Arc<str>>,
}

/// When each client's allowance is whole again, in nanoseconds since the table was made.
#[derive(Debug)]
struct Clients {
    begun: Instant,
    hasher: RandomState,
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Debug, Default)]
struct Shard {
    whole_at: HashMap<Key, u64>,
    /// The size at which clients whose allowance is whole are forgotten next.
    sweep_at: usize,
}

/// What is left of a client's allowance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allowance {
    quota: u32,
    period: u64,
    left: u32,
    /// Seconds until it is whole again.
    reset: u64,
}

impl RateLimit {
    /// So many requests in a period for each address. All of them may come at once; then each share of the period gives
    /// one back. A quota or a period of nothing is taken as the smallest there is.
    pub fn per_address(quota: u32, period: Duration) -> Self {
        RateLimit::new(quota, period, By::Address)
    }

    /// So many requests in a period for each [principal](crate::App::principal), from whatever address; whoever is not known
    /// is counted by address.
    pub fn per_principal(quota: u32, period: Duration) -> Self {
        RateLimit::new(quota, period, By::Principal)
    }

    fn new(quota: u32, period: Duration, by: By) -> Self {
        let clients = Clients {
            begun: Instant::now(),
            hasher: RandomState::new(),
            shards: std::array::from_fn(|_| Mutex::default()),
        };
        RateLimit { quota: quota.max(1), period: period.max(Duration::from_nanos(1)), by, clients: Arc::new(clients) }
    }

    /// Counts a request, or refuses it.
    fn check(&self, sender: Sender<'_>) -> Result<Allowance, (Allowance, ProblemDetails)> {
        let key = match (self.by, sender.principal) {
            (By::Principal, Some(principal)) => Key::Principal(principal.clone()),
            _ => Key::Address(network(sender.address.ip())),
        };
        self.check_at(key, nanos(self.clients.begun.elapsed())).map_err(|wait| {
            let seconds = wait.div_ceil(1_000_000_000).max(1);
            let period = self.period.as_secs().max(1);
            let nothing = Allowance { quota: self.quota, period, left: 0, reset: seconds };
            let problem = ProblemDetails::new(&TOO_MANY_REQUESTS)
                .detail(format!("at most {} requests in {:?}; ask again in {seconds} s", self.quota, self.period))
                .header(header::RETRY_AFTER, HeaderValue::from(seconds));
            (nothing, problem)
        })
    }

    /// Whether it can be held against a request before it is known who sends it.
    fn is_by_address(&self) -> bool {
        self.by == By::Address
    }

    /// At a time, which is given in nanoseconds: what is left, or how long to wait.
    fn check_at(&self, client: Key, now: u64) -> Result<Allowance, u64> {
        let period = nanos(self.period);
        let share = (period / u64::from(self.quota)).max(1);
        let shard = (self.clients.hasher.hash_one(&client) as usize) % SHARDS;
        let mut shard = self.clients.shards[shard].lock().unwrap_or_else(PoisonError::into_inner);
        shard.sweep(now);
        let whole_at = shard.whole_at.entry(client).or_insert(now);
        let next = (*whole_at).max(now) + share;
        let over = next.saturating_sub(now + share * u64::from(self.quota));
        if over > 0 {
            return Err(over);
        }
        *whole_at = next;
        let left = (share * u64::from(self.quota) - (next - now)) / share;
        Ok(Allowance {
            quota: self.quota,
            period: self.period.as_secs().max(1),
            left: u32::try_from(left).unwrap_or(u32::MAX),
            reset: (next - now).div_ceil(1_000_000_000),
        })
    }
}

/// The limits that a request is held against, and what is left of the tightest.
#[derive(Debug, Default)]
pub(crate) struct Allowances(Option<Allowance>);

impl Allowances {
    /// Counts a request against those limits that are by address.
    pub(crate) fn check_address(&mut self, limits: &[RateLimit], address: ClientAddress) -> Result<(), ProblemDetails> {
        let sender = Sender { address, principal: None };
        limits.iter().filter(|limit| limit.is_by_address()).try_for_each(|limit| self.check(limit, sender))
    }

    /// Counts a request against those that are by principal.
    pub(crate) fn check_principal(&mut self, limits: &[RateLimit], sender: Sender<'_>) -> Result<(), ProblemDetails> {
        limits.iter().filter(|limit| !limit.is_by_address()).try_for_each(|limit| self.check(limit, sender))
    }

    fn check(&mut self, limit: &RateLimit, sender: Sender<'_>) -> Result<(), ProblemDetails> {
        match limit.check(sender) {
            Ok(allowance) => {
                self.0 = Some(self.0.filter(|known| known.left < allowance.left).unwrap_or(allowance));
                Ok(())
            }
            Err((nothing, problem)) => {
                self.0 = Some(nothing);
                Err(problem)
            }
        }
    }

    /// Tells the client what is left.
    pub(crate) fn write(self, response: &mut Response) {
        if let Some(allowance) = self.0 {
            allowance.write(response.headers_mut());
        }
    }
}

impl Shard {
    /// Forgets clients whose allowance is whole, each time that the table has doubled. When so many ask within one period
    /// that the table would grow without end, it forgets all: a limit that is lax for a moment is better than a process
    /// without memory.
    fn sweep(&mut self, now: u64) {
        if self.whole_at.len() < self.sweep_at.max(CLIENTS / SHARDS / 4) {
            return;
        }
        self.whole_at.retain(|_, whole_at| *whole_at > now);
        if self.whole_at.len() >= CLIENTS / SHARDS {
            self.whole_at.clear();
        }
        self.sweep_at = self.whole_at.len() * 2;
    }
}

impl Allowance {
    /// The headers of draft-ietf-httpapi-ratelimit-headers-10.
    fn write(self, headers: &mut HeaderMap) {
        let Allowance { quota, period, left, reset } = self;
        let fields = [
            ("ratelimit-policy", format!("\"default\";q={quota};w={period}")),
            ("ratelimit", format!("\"default\";r={left};t={reset}")),
        ];
        for (name, value) in fields {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    // Half of the range, so that sums of two cannot overflow; that is 292 years.
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX).min(u64::MAX / 2)
}

/// A host has a whole /64 of IPv6 addresses to ask from.
fn network(client: IpAddr) -> IpAddr {
    match client {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & !u128::from(u64::MAX)).into()),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn left(limit: &RateLimit, client: &str, second: u64) -> Result<u32, u64> {
        limit
            .check_at(Key::Address(network(client.parse().unwrap())), second * SECOND)
            .map(|allowance| allowance.left)
            .map_err(|wait| wait / SECOND)
    }

    #[test]
    fn a_burst_passes_and_the_rest_comes_evenly() {
        let limit = RateLimit::per_address(3, Duration::from_secs(30));
        let client = "192.0.2.1";
        assert_eq!([0, 0, 0, 0].map(|at| left(&limit, client, at)), [Ok(2), Ok(1), Ok(0), Err(10)]);
        assert_eq!(left(&limit, client, 9), Err(1));
        assert_eq!(left(&limit, client, 10), Ok(0));
        assert_eq!(left(&limit, client, 10), Err(10));
        assert_eq!(left(&limit, client, 1000), Ok(2));
        assert_eq!(left(&limit, "192.0.2.2", 1000), Ok(2), "another client has its own allowance");
    }

    #[test]
    fn an_ipv6_network_is_one_client() {
        let limit = RateLimit::per_address(1, Duration::from_secs(1));
        assert_eq!(left(&limit, "2001:db8::1", 0), Ok(0));
        assert_eq!(left(&limit, "2001:db8::ffff", 0), Err(1));
        assert_eq!(left(&limit, "2001:db8:0:1::1", 0), Ok(0));
    }

    #[test]
    fn memory_is_bounded_by_those_who_ask_within_a_period() {
        let limit = RateLimit::per_address(1, Duration::from_secs(1));
        for second in 0..5_u64 {
            for client in 0..60_000_u32 {
                let _ = limit
                    .check_at(Key::Address(IpAddr::V4((client + 60_000 * second as u32).into())), second * 10 * SECOND);
            }
        }
        let remembered: usize = limit.clients.shards.iter().map(|shard| shard.lock().unwrap().whole_at.len()).sum();
        assert!(remembered <= 2 * CLIENTS, "{remembered}");
    }

    #[test]
    fn extremes_do_not_overflow() {
        for (quota, period) in
            [(0, Duration::ZERO), (u32::MAX, Duration::MAX), (1, Duration::MAX), (u32::MAX, Duration::from_nanos(1))]
        {
            let limit = RateLimit::per_address(quota, period);
            assert!(
                limit.check_at(Key::Address(IpAddr::V4([127, 0, 0, 1].into())), 5 * SECOND).is_ok(),
                "{quota} {period:?}"
            );
        }
    }
}
