//! The frame around every page of a signed-in account.

use jiff::{SignedDuration, Timestamp};

use crate::{
    app::{App, if_writable, notice::count_unread_notices, unit_of_work::Work},
    domain::{
        account::Account,
        error::{Error, Result},
        invoice_defaults::InvoiceDefaults,
        proposal::ProposalStatus,
        session::{Claims, IDLE_LIFE},
    },
    store,
};

/// How often the last use of a session is recorded: rarely, since each time costs a write.
const SEEN_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// The caller, and the counts shown in the navigation.
#[derive(Debug, Clone)]
pub struct PageContext {
    pub account: Account,
    pub unread_messages: u64,
    /// One more than is counted stands for all above.
    pub unread_notices: u64,
    pub overdue_invoices: u64,
    /// Proposals that wait for an answer.
    pub sent_proposals: u64,
    /// Whether two-factor sign-in is on.
    pub two_factor: bool,
    /// Includes business name, logo and number format.
    pub defaults: InvoiceDefaults,
    /// Whether the account is restricted until its address is verified.
    pub is_limited: bool,
}

impl App {
    /// Returns the data of a page's frame, in one read. A session that has opened a page ends after
    /// four days without another, in the APIs too. From time to time the use of the session is
    /// recorded, so that its owner can tell it from a forgotten one.
    pub async fn frame(&self, claims: Claims) -> Result<PageContext> {
        let (frame, (last_used, is_browser)) =
            self.query(claims, move |work| read_frame(work, claims)).await?;
        let now = self.now();
        if now >= last_used + IDLE_LIFE {
            self.logout(claims).await?;
            return Err(Error::unauthenticated("error-away-for-long"));
        }
        if !is_browser || now >= last_used + SEEN_EVERY {
            let touch = move |work: &mut Work| store::session::touch(work.tx, claims, work.now);
            if_writable(self.run_always(claims, touch).await)?;
        }
        Ok(frame)
    }
}

/// Returns the frame, when its session was last used, and whether it is a browser's.
fn read_frame(work: &mut Work, claims: Claims) -> Result<(PageContext, (Timestamp, bool))> {
    let today = work.today()?;
    let unread_notices = count_unread_notices(work)?;
    let (tx, account) = (&mut *work.tx, work.account);
    let open = store::dashboard::open(tx, account, today)?;
    let overdue = open.iter().filter(|sum| sum.overdue).map(|sum| sum.entries.unsigned_abs());
    let kept = store::two_factor::find(tx, account)?;
    let frame = PageContext {
        unread_notices,
        unread_messages: store::message::count_unread(tx, account)?,
        overdue_invoices: overdue.sum(),
        sent_proposals: store::proposal::count(tx, account, ProposalStatus::Sent)?,
        is_limited: work.env.limits.are_on() && !work.actor.is_proven,
        two_factor: kept.is_some_and(|kept| kept.is_on),
        defaults: store::invoice_defaults::find(tx, account)?,
        account: store::account::find(tx, account)?,
    };
    Ok((frame, store::session::last_used(tx, claims)?))
}
