//! Additional invoices, spread over the two years, to try the program with many of them.

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use rust_decimal::Decimal;

use super::history::History;
use crate::{
    app::{
        App, invoice::create_invoice, invoice_send::send_invoice, payment::mark_invoice_paid,
        unit_of_work::Who,
    },
    domain::{
        date,
        error::{Error, Result},
        id::ClientId,
        invoice::{Delivery, Line, NewInvoice},
        money::Currency,
    },
};

/// Invoices created at once, so that they share commits.
const AT_ONCE: usize = 64;
/// Days until an additional invoice is due.
const DUE_AFTER: i64 = 15;

/// The number of additional invoices, and how many exist so far.
pub struct MoreInvoices<'a> {
    app: &'a App,
    who: Who,
    start: Timestamp,
    end: Timestamp,
    all: u64,
    made: u64,
}

impl<'a> MoreInvoices<'a> {
    /// Plans `all` invoices between two instants.
    pub fn new(app: &'a App, who: Who, (start, end): (Timestamp, Timestamp), all: u64) -> Self {
        Self { app, who, start, end, all, made: 0 }
    }

    /// Creates those due before `now`, the current time of the clock, and calls `progress` for
    /// each. Of every three, one stays a draft, one is sent, and one is sent and paid.
    pub async fn until(
        &mut self,
        now: Timestamp,
        history: &History<'_>,
        progress: impl Fn(),
    ) -> Result<()> {
        let clients = history.clients();
        if clients.is_empty() {
            return Ok(());
        }
        let due = date::day_in(now, &TimeZone::UTC)
            .checked_add(DUE_AFTER.days())
            .map_err(Error::internal)?;
        let numbers = self.made..self.share(now);
        self.made = numbers.end.max(numbers.start);
        let (app, who) = (self.app, self.who);
        let makings = numbers.map(|number| {
            let (client, currency) = clients[usize::try_from(number).unwrap_or(0) % clients.len()];
            let new = invoice(number, client, currency, due);
            let progress = &progress;
            async move {
                let id = app.run(who, move |work| create_invoice(work, &new)).await?.invoice.id;
                if number % 3 > 0 {
                    let delivery = Delivery::default();
                    app.run(who, move |work| send_invoice(work, id, &delivery)).await?;
                }
                if number % 3 > 1 {
                    app.run(who, move |work| mark_invoice_paid(work, id)).await?;
                }
                progress();
                Ok(())
            }
        });
        stream::iter(makings).buffer_unordered(AT_ONCE).try_collect().await
    }

    /// Returns how many of them are due before an instant.
    fn share(&self, at: Timestamp) -> u64 {
        let passed = at.duration_since(self.start).as_secs().max(0);
        let span = self.end.duration_since(self.start).as_secs().max(1);
        let share = i128::from(self.all) * i128::from(passed) / i128::from(span);
        u64::try_from(share).unwrap_or(0).min(self.all)
    }
}

fn invoice(
    number: u64,
    client_id: ClientId,
    currency: Currency,
    due_date: jiff::civil::Date,
) -> NewInvoice {
    let line = |description: &str, quantity: u64, rate: u64| Line {
        description: description.to_owned(),
        quantity: Decimal::from(quantity),
        rate: Decimal::from(rate),
    };
    NewInvoice {
        client_id,
        project_id: None,
        milestone_id: None,
        amount: None,
        tax_rate: Decimal::ZERO,
        currency: Some(currency),
        status: (),
        issue_date: None,
        due_date: Some(due_date),
        lines: vec![
            line("UI Design", 1, 500 + number % 7 * 250),
            line("Development", 1 + number % 5, 150),
        ],
        notes: None,
    }
}
