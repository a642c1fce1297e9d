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

/// Clients that are remembered, about.
const CLIENTS: usize = 100_000;

/// Parts of the table, each under a lock of its own.
const SHARDS: usize = 16;

/// A limit of the requests of each client, by its address (an IPv6 client by its /64 network). Requests over it are
/// answered 429 with `Retry-After`; the others carry `RateLimit` and `RateLimit-Policy`, which tell what is left.
///
/// Whatever is limited together shares one count: [`App::rate_limit`](crate::App::rate_limit) limits all routes of the app
/// together, [`Routes::rate_limit`](crate::Routes::rate_limit) those of a list. The count is kept in the process.
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
    clients: Arc<Clients>,
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
    whole_at: HashMap<IpAddr, u64>,
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
        let clients = Clients {
            begun: Instant::now(),
            hasher: RandomState::new(),
            shards: std::array::from_fn(|_| Mutex::default()),
        };
        RateLimit { quota: quota.max(1), period: period.max(Duration::from_nanos(1)), clients: Arc::new(clients) }
    }

    /// Counts a request, or refuses it.
    pub(crate) fn check(&self, client: IpAddr) -> Result<Allowance, ProblemDetails> {
        self.check_at(client, nanos(self.clients.begun.elapsed())).map_err(|wait| {
            let seconds = wait.div_ceil(1_000_000_000).max(1);
            ProblemDetails::new(&TOO_MANY_REQUESTS)
                .detail(format!("at most {} requests in {:?}; ask again in {seconds} s", self.quota, self.period))
                .header(header::RETRY_AFTER, HeaderValue::from(seconds))
        })
    }

    /// At a time, which is given in nanoseconds: what is left, or how long to wait.
    fn check_at(&self, client: IpAddr, now: u64) -> Result<Allowance, u64> {
        let period = nanos(self.period);
        let share = (period / u64::from(self.quota)).max(1);
        let client = network(client);
        let shard = (self.clients.hasher.hash_one(client) as usize) % SHARDS;
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
    /// The one with less left.
    pub(crate) fn tighter(self, other: Option<Self>) -> Self {
        other.filter(|other| other.left < self.left).unwrap_or(self)
    }

    /// The headers of draft-ietf-httpapi-ratelimit-headers-10.
    pub(crate) fn write(self, headers: &mut HeaderMap) {
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
            .check_at(client.parse().unwrap(), second * SECOND)
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
                let _ = limit.check_at(IpAddr::V4((client + 60_000 * second as u32).into()), second * 10 * SECOND);
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
            assert!(limit.check_at(IpAddr::V4([127, 0, 0, 1].into()), 5 * SECOND).is_ok(), "{quota} {period:?}");
        }
    }
}
