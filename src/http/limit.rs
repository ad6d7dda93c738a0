//! How often an address may ask: fixed windows that begin with the first request.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::Mutex,
};

use jiff::Timestamp;

/// Windows kept at most; under a flood of addresses the oldest is forgotten first.
const WINDOWS_MAX: usize = 100_000;

/// So many requests in so many seconds.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    pub requests: u32,
    pub seconds: i64,
}

/// Counts requests by address.
#[derive(Debug)]
pub struct Limiter {
    rate: Rate,
    windows: Mutex<HashMap<IpAddr, Window>>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    /// Epoch second at which the window ends.
    reset: i64,
    used: u32,
}

/// Where an address stands after a request was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub limit: u32,
    pub remaining: u32,
    /// Epoch second at which the window ends.
    pub reset: i64,
    /// Seconds to wait, where this request is one too many.
    pub refused: Option<u64>,
}

impl Limiter {
    pub fn new(rate: Rate) -> Self {
        Self { rate, windows: Mutex::new(HashMap::new()) }
    }

    /// Counts a request of an address, an IPv6 one with its whole /64.
    pub fn count(&self, address: IpAddr, now: Timestamp) -> Standing {
        let (key, now) = (key(address), now.as_second());
        let mut windows = self.windows.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if windows.len() >= WINDOWS_MAX && !windows.contains_key(&key) {
            make_room(&mut windows, now);
        }
        let fresh = Window { reset: now + self.rate.seconds, used: 0 };
        let window = windows.entry(key).or_insert(fresh);
        // A clock that was set back must not keep an address out for longer than a window.
        if window.reset <= now || window.reset > fresh.reset {
            *window = fresh;
        }
        let refused = window.used >= self.rate.requests;
        window.used = window.used.saturating_add(1);
        Standing {
            limit: self.rate.requests,
            remaining: self.rate.requests.saturating_sub(window.used),
            reset: window.reset,
            refused: refused.then(|| (window.reset - now).max(1).unsigned_abs()),
        }
    }
}

fn key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address => address,
    }
}

/// Forgets windows that have ended; where none has, the half that ends first.
fn make_room(windows: &mut HashMap<IpAddr, Window>, now: i64) {
    windows.retain(|_, window| window.reset > now);
    if windows.len() < WINDOWS_MAX {
        return;
    }
    let mut resets: Vec<i64> = windows.values().map(|window| window.reset).collect();
    let middle = resets.len() / 2;
    let (_, median, _) = resets.select_nth_unstable(middle);
    let median = *median;
    windows.retain(|_, window| window.reset > median);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn limiter() -> Limiter {
        Limiter::new(Rate { requests: 2, seconds: 900 })
    }

    #[test]
    fn a_window_begins_with_the_first_request_and_ends_after_its_time() {
        let (limiter, address) = (limiter(), "203.0.113.7".parse().unwrap());
        let first = limiter.count(address, at(1000));
        assert_eq!((first.remaining, first.reset, first.refused), (1, 1900, None));
        assert_eq!(limiter.count(address, at(1800)).remaining, 0);
        assert_eq!(limiter.count(address, at(1899)).refused, Some(1));
        assert_eq!(limiter.count(address, at(1900)).reset, 2800);
    }

    #[test]
    fn an_ipv6_network_counts_as_one_and_a_mapped_address_as_ipv4() {
        let limiter = limiter();
        limiter.count("2001:db8::1".parse().unwrap(), at(0));
        assert_eq!(limiter.count("2001:db8::ffff".parse().unwrap(), at(0)).remaining, 0);
        assert_eq!(limiter.count("2001:db8:0:1::1".parse().unwrap(), at(0)).remaining, 1);
        limiter.count("203.0.113.7".parse().unwrap(), at(0));
        assert_eq!(limiter.count("::ffff:203.0.113.7".parse().unwrap(), at(0)).remaining, 0);
    }

    #[test]
    fn a_clock_set_back_keeps_nobody_out() {
        let (limiter, address) = (limiter(), "203.0.113.7".parse().unwrap());
        for _ in 0..3 {
            limiter.count(address, at(100_000));
        }
        assert_eq!(limiter.count(address, at(1_000)).refused, None);
    }

    #[test]
    fn a_flood_of_addresses_stays_within_bounds() {
        let limiter = limiter();
        for n in 0..250_000_u32 {
            limiter.count(IpAddr::V4(n.into()), at(i64::from(n) / 1000));
        }
        assert!(limiter.windows.lock().unwrap().len() <= WINDOWS_MAX);
    }
}
