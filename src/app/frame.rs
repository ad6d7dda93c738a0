//! What stands around every page of a signed-in account.

use jiff::{SignedDuration, Timestamp};

use super::{App, if_writable};
use crate::{
    domain::{
        account::Account,
        error::{Error, Result},
        number_format::NumberFormat,
        session::Claims,
    },
    store::{self, engine::Tx},
};

/// How often it is noted that a session is in use: seldom, since each costs a write.
const SEEN_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// How long a browser stays signed in in which nothing is opened.
const IDLE_MAX: SignedDuration = SignedDuration::from_hours(4 * 24);

/// The caller, and what is worth a mark in the navigation.
#[derive(Debug, Clone)]
pub struct Frame {
    pub account: Account,
    pub unread_messages: u64,
    /// Whether it is the oldest account, whose owner decides who else may come.
    pub is_owner: bool,
    /// Whether it asks for a second factor.
    pub two_factor: bool,
    /// How the account writes numbers.
    pub number_format: NumberFormat,
}

impl App {
    /// What the frame of a page shows, in one read. A session in which no page was opened for four
    /// days ends. Now and then it is noted that the session is in use, so that its owner can tell
    /// it from one that is forgotten.
    pub async fn frame(&self, claims: Claims) -> Result<Frame> {
        let (frame, last_used) = self.read_frame(claims).await?;
        let now = self.now();
        if now >= last_used + IDLE_MAX {
            self.logout(claims).await?;
            return Err(Error::unauthenticated("You were away for long, please log in again"));
        }
        if now >= last_used + SEEN_EVERY {
            let touch = move |tx: &mut Tx, _| store::session::touch(tx, claims, now);
            if_writable(self.write(claims, touch).await)?;
        }
        Ok(frame)
    }

    /// The frame, and when its session was last seen.
    async fn read_frame(&self, claims: Claims) -> Result<(Frame, Timestamp)> {
        self.read(claims, move |tx, actor| {
            let kept = store::two_factor::find(tx, actor.account)?;
            let frame = Frame {
                unread_messages: store::message::count_unread(tx, actor.account)?,
                is_owner: store::account::oldest(tx)? == Some(actor.account),
                two_factor: kept.is_some_and(|kept| kept.is_on),
                number_format: store::invoice_defaults::find_number_format(tx, actor.account)?,
                account: store::account::find(tx, actor.account)?,
            };
            Ok((frame, store::session::last_used(tx, claims)?))
        })
        .await
    }
}
