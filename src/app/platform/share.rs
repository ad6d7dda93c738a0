//! Shares per caller, so that nobody uses up what others need.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use crate::{app::limit::of_address, domain::id::AccountId};

/// The owner of work or memory: an account, or the network of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    Account(AccountId),
    Address([u8; 16]),
}

impl Owner {
    /// Returns the owner of a request by its address; an IPv6 address counts by its /64.
    pub fn of_address(address: IpAddr) -> Self {
        Self::Address(of_address(address))
    }
}

/// The number of entries after which unused ones are removed.
const TIDY_FROM: usize = 64;

/// One `T` per owner, for as long as it is in use.
pub struct Shares<T> {
    make: Box<dyn Fn() -> T + Send + Sync>,
    table: Mutex<Table<T>>,
}

struct Table<T> {
    of: HashMap<Owner, Weak<T>>,
    tidy_at: usize,
}

impl<T> Shares<T> {
    /// `make` creates the initial value of an owner.
    pub fn new(make: impl Fn() -> T + Send + Sync + 'static) -> Self {
        Self {
            make: Box::new(make),
            table: Mutex::new(Table { of: HashMap::new(), tidy_at: TIDY_FROM }),
        }
    }

    /// Returns the share of an owner.
    pub fn of(&self, owner: Owner) -> Arc<T> {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = table.of.get(&owner).and_then(Weak::upgrade) {
            return share;
        }
        if table.of.len() >= table.tidy_at {
            table.of.retain(|_, share| share.strong_count() > 0);
            table.tidy_at = (2 * table.of.len()).max(TIDY_FROM);
        }
        let share = Arc::new((self.make)());
        table.of.insert(owner, Arc::downgrade(&share));
        share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_has_one_share_and_unused_shares_are_dropped() {
        let shares = Shares::new(|| Mutex::new(0));
        let owner = |n: u32| Owner::of_address(IpAddr::V4(n.into()));
        let held = shares.of(owner(0));
        *held.lock().unwrap() = 7;
        for n in 1..100_000 {
            shares.of(owner(n));
        }
        assert_eq!(*shares.of(owner(0)).lock().unwrap(), 7);
        assert!(shares.table.lock().unwrap().of.len() <= TIDY_FROM + 1);
    }
}
