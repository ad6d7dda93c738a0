//! Profiles.

pub mod message;
pub mod portfolio;

use std::net::IpAddr;

use crate::{
    app::{App, limit, unit_of_work::Work},
    domain::{
        account::{Account, Role},
        date,
        error::{Error, Result},
        expected::{self, Expected},
        id::AccountId,
        portfolio::ITEMS_SHOWN,
        profile::{Completion, OwnProfile, Profile, ProfileChange, PublicProfile, Visit},
        session::Device,
    },
    store::{self, engine::Tx},
};

impl App {
    /// Returns whether no account has this username.
    pub async fn is_username_free(&self, username: String) -> Result<bool> {
        let found = self.store.read(move |tx| store::account::find_by_username(tx, &username));
        Ok(found.await?.is_none())
    }

    /// Returns a freelancer's public profile. A visit by a person counts as one view per visitor
    /// and day; visitors are distinguished by a keyed hash of address and device. The owner and
    /// bots do not count.
    pub async fn public_profile(
        &self,
        username: String,
        viewer: Option<AccountId>,
        is_person: bool,
        address: Option<IpAddr>,
        device: Device,
    ) -> Result<PublicProfile> {
        let (now, keys) = (self.now(), self.keys()?.clone());
        let network = address.map(limit::of_address).unwrap_or_default();
        let read = move |tx: &mut Tx| {
            let account = freelancer(tx, &username)?;
            let day = date::day_in(now, &account.zone.rules()?);
            let (of_day, device) =
                (day.to_string(), device.user_agent.as_deref().unwrap_or_default());
            let parts: [&[u8]; 4] =
                [account.id.as_bytes(), of_day.as_bytes(), &network, device.as_bytes()];
            let visit = Visit { day, visitor: keys.hash("profile visitor", &parts) };
            let is_counted = !is_person
                || viewer == Some(account.id)
                || store::profile::has_visit(tx, account.id, &visit)?;
            let profile = PublicProfile {
                username: account.username.clone().unwrap_or_else(|| username.clone()),
                profile: store::profile::find(tx, account.id)?,
                portfolio: store::portfolio::list(tx, account.id, ITEMS_SHOWN)?,
                accent: store::invoice_defaults::find(tx, account.id)?.accent,
                account,
            };
            Ok((profile, (!is_counted).then_some(visit)))
        };
        let (profile, visit) = self.store.read(read).await?;
        if let Some(visit) = visit {
            let id = profile.account.id;
            // A failure to count must not fail a read.
            if let Err(error) =
                self.store.write(move |tx| store::profile::add_visit(tx, id, &visit)).await
            {
                tracing::warn!(cause = error.cause(), "could not count a view");
            }
        }
        Ok(profile)
    }
}

/// Returns the caller's profile, and how complete it is.
pub fn find_profile(work: &mut Work) -> Result<OwnProfile> {
    work.actor.must_be_freelancer()?;
    find_own(work.tx, work.account)
}

/// Changes the caller's profile.
///
/// # Errors
///
/// A conflict if another account has the username; stale if account and profile are no longer the
/// expected ones.
pub fn update_profile(
    work: &mut Work,
    change: &ProfileChange,
    expected: Option<&Expected<(Account, Profile)>>,
) -> Result<()> {
    work.actor.must_be_freelancer()?;
    let account = store::account::find(work.tx, work.account)?;
    let stored = (account, store::profile::find(work.tx, work.account)?);
    expected::check(expected, &stored)?;
    let (mut account, mut profile) = stored;
    change.clone().apply(&mut account, &mut profile)?;
    account.updated_at = work.now;
    store::account::update(work.tx, &account)?;
    store::profile::set(work.tx, work.account, &profile, work.now)
}

pub(in crate::app) fn find_own(tx: &mut Tx, id: AccountId) -> Result<OwnProfile> {
    let account = store::account::find(tx, id)?;
    let profile = store::profile::find(tx, id)?;
    let has_portfolio = store::portfolio::count(tx, id)? > 0;
    let completion = Completion::new(&account, &profile, has_portfolio);
    Ok(OwnProfile { account, profile, completion })
}

/// Returns the freelancer with this username, whose profile is public.
pub(in crate::app) fn freelancer(tx: &mut Tx, username: &str) -> Result<Account> {
    store::account::find_by_username(tx, username)?
        .filter(|account| account.is_active() && account.role == Role::Freelancer)
        .ok_or_else(|| Error::not_found("error-freelancer-not-found"))
}

/// Returns how often the caller's public profile was viewed.
pub fn count_profile_views(work: &mut Work) -> Result<u64> {
    store::profile::count_views(work.tx, work.account)
}
