//! What stands around every page of a signed-in account.

use jiff::{SignedDuration, Timestamp};

use crate::{
    app::{App, if_writable, unit_of_work::Work},
    domain::{
        account::Account,
        error::{Error, Result},
        number_format::NumberFormat,
        session::{Claims, IDLE_LIFE},
    },
    store,
};

/// How often it is noted that a session is in use: seldom, since each costs a write.
const SEEN_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// The caller, and what is worth a mark in the navigation.
#[derive(Debug, Clone)]
pub struct PageContext {
    pub account: Account,
    pub unread_messages: u64,
    /// Whether it asks for a second factor.
    pub two_factor: bool,
    /// How the account writes numbers.
    pub number_format: NumberFormat,
    /// Whether it can do little until its address is proven.
    pub is_limited: bool,
}

impl App {
    /// What the frame of a page shows, in one read. A session that has opened a page ends where it
    /// opens none for four days, at the APIs too. Now and then it is noted that the session is in
    /// use, so that its owner can tell it from one that is forgotten.
    pub async fn frame(&self, claims: Claims) -> Result<PageContext> {
        let (frame, (last_used, is_browser)) =
            self.query(claims, move |work| read_frame(work, claims)).await?;
        let now = self.now();
        if now >= last_used + IDLE_LIFE {
            self.logout(claims).await?;
            return Err(Error::unauthenticated("You were away for long, please log in again"));
        }
        if !is_browser || now >= last_used + SEEN_EVERY {
            let touch = move |work: &mut Work| store::session::touch(work.tx, claims, work.now);
            if_writable(self.run_always(claims, touch).await)?;
        }
        Ok(frame)
    }
}

/// The frame, when its session was last seen, and whether it is a browser's.
fn read_frame(work: &mut Work, claims: Claims) -> Result<(PageContext, (Timestamp, bool))> {
    let (tx, account) = (&mut *work.tx, work.account);
    let kept = store::two_factor::find(tx, account)?;
    let frame = PageContext {
        unread_messages: store::message::count_unread(tx, account)?,
        is_limited: work.env.limits.are_on() && !work.actor.is_proven,
        two_factor: kept.is_some_and(|kept| kept.is_on),
        number_format: store::invoice_defaults::find_number_format(tx, account)?,
        account: store::account::find(tx, account)?,
    };
    Ok((frame, store::session::last_used(tx, claims)?))
}
