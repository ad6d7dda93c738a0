//! What stands around every page of a signed-in account.

use super::App;
use crate::{
    domain::{account::Account, error::Result, session::Claims},
    store,
};

/// The caller, and what is worth a mark in the navigation.
#[derive(Debug, Clone)]
pub struct Frame {
    pub account: Account,
    pub unread_messages: u64,
    /// Whether it is the oldest account, whose owner decides who else may come.
    pub is_owner: bool,
    /// Whether it asks for a second factor.
    pub two_factor: bool,
}

impl App {
    /// What the frame of a page shows, in one read.
    pub async fn frame(&self, claims: Claims) -> Result<Frame> {
        self.read(claims, |tx, actor| {
            let kept = store::two_factor::find(tx, actor.account)?;
            Ok(Frame {
                unread_messages: store::message::count_unread(tx, actor.account)?,
                is_owner: store::account::oldest(tx)? == Some(actor.account),
                two_factor: kept.is_some_and(|kept| kept.is_on),
                account: store::account::find(tx, actor.account)?,
            })
        })
        .await
    }
}
