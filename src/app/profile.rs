//! Profiles.

use std::net::IpAddr;

use super::{App, limit};
use crate::{
    domain::{
        account::{Account, Role},
        date,
        error::{Error, Result},
        expected::{self, Expected},
        id::AccountId,
        portfolio::ITEMS_SHOWN,
        profile::{Completion, OwnProfile, Profile, ProfileChange, PublicProfile, Visit},
        session::{Claims, Device},
    },
    store::{self, engine::Tx},
};

impl App {
    /// How often the caller's public profile was looked at.
    pub async fn profile_views(&self, claims: Claims) -> Result<u64> {
        self.read(claims, |tx, actor| store::profile::count_views(tx, actor.account)).await
    }

    /// The caller's profile, and how much of it is filled in.
    pub async fn profile(&self, claims: Claims) -> Result<OwnProfile> {
        self.read(claims, |tx, actor| {
            actor.must_be_freelancer()?;
            find_own(tx, actor.account)
        })
        .await
    }

    /// Whether no account has this username.
    pub async fn is_username_free(&self, username: String) -> Result<bool> {
        let found = self.store.read(move |tx| store::account::find_by_username(tx, &username));
        Ok(found.await?.is_none())
    }

    /// Changes the caller's profile.
    ///
    /// # Errors
    ///
    /// A conflict, if another account has the username; stale, if account and profile are not the
    /// expected ones any more.
    pub async fn update_profile(
        &self,
        claims: Claims,
        change: ProfileChange,
        expected: Option<Expected<(Account, Profile)>>,
    ) -> Result<()> {
        let now = self.now();
        self.write(claims, move |tx, actor| {
            actor.must_be_freelancer()?;
            let account = store::account::find(tx, actor.account)?;
            let stored = (account, store::profile::find(tx, actor.account)?);
            expected::check(expected.as_ref(), &stored)?;
            let (mut account, mut profile) = stored;
            change.clone().apply(&mut account, &mut profile)?;
            account.updated_at = now;
            store::account::update(tx, &account)?;
            store::profile::set(tx, account.id, &profile, now)
        })
        .await
    }

    /// What a freelancer shows everybody. Where a person looks, it counts as one view a day for each
    /// visitor, who is told apart by a keyed hash of address and device; the freelancer's own looks
    /// do not count, nor do those of programs.
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
                account,
            };
            Ok((profile, (!is_counted).then_some(visit)))
        };
        let (profile, visit) = self.store.read(read).await?;
        if let Some(visit) = visit {
            let id = profile.account.id;
            // Who only looks need not suffer from what cannot be counted.
            if let Err(error) =
                self.store.write(move |tx| store::profile::add_visit(tx, id, &visit)).await
            {
                tracing::warn!(cause = error.cause(), "a view could not be counted");
            }
        }
        Ok(profile)
    }
}

pub(super) fn find_own(tx: &mut Tx, id: AccountId) -> Result<OwnProfile> {
    let account = store::account::find(tx, id)?;
    let profile = store::profile::find(tx, id)?;
    let has_portfolio = store::portfolio::count(tx, id)? > 0;
    let completion = Completion::new(&account, &profile, has_portfolio);
    Ok(OwnProfile { account, profile, completion })
}

/// The freelancer of that username, whose profile everybody may see.
pub(super) fn freelancer(tx: &mut Tx, username: &str) -> Result<Account> {
    store::account::find_by_username(tx, username)?
        .filter(|account| account.is_active() && account.role == Role::Freelancer)
        .ok_or_else(|| Error::not_found("Freelancer"))
}
