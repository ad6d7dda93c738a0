//! Invoices: written, listed, changed.

use jiff::{Timestamp, ToSpan, civil::Date};

use super::{
    App,
    activity::{Entry, Told},
    client, project,
};
use crate::{
    domain::{
        activity::ActivityKind,
        date,
        error::{Error, Result},
        expected::{self, Expected},
        id::{InvoiceId, ItemId},
        idempotency::{Once, Outcome},
        invoice::{
            Invoice, InvoiceChange, InvoiceFilter, InvoiceStatus, Item, LINES_MAX, NewInvoice,
            Priced, ShownInvoice,
        },
        page::Listing,
        session::{Actor, Claims},
    },
    store::{self, engine::Tx},
};

/// The last day that an invoice may name.
const LAST_DAY: Date = Date::constant(2100, 12, 31);

impl App {
    /// Adds a draft under the next number of its year.
    pub async fn create_invoice(
        &self,
        claims: Claims,
        once: Once<ShownInvoice>,
        new: NewInvoice,
    ) -> Result<Outcome<ShownInvoice>> {
        let now = self.now();
        let id = self.new_id();
        let entry = self.new_entry(now);
        let item_ids = self.item_ids(new.lines.len().max(1));
        self.write_once(claims, once, now, move |tx, actor| {
            let account = actor.account;
            let today = today(&actor, now)?;
            let rates = client::rates(tx, &actor)?;
            let currency = new.currency.unwrap_or(actor.currency);
            let client = client::named(tx, account, new.client_id, &rates);
            let project = new.project_id.map(|id| project::named(tx, account, id)).transpose();
            let ((client, _), priced) =
                Error::both(Error::both(client, project), new.price(currency))?;
            new.check_status()?;
            let issue_date = new.issue_date.unwrap_or(today);
            let invoice = Invoice {
                id,
                account,
                client_id: client.id,
                client: Some(client),
                project_id: new.project_id,
                number: store::invoice_series::draw(tx, account, issue_date.year())?,
                currency,
                totals: priced.totals,
                tax_rate: new.tax_rate,
                status: InvoiceStatus::Draft,
                issue_date,
                due_date: new.due_date,
                paid_at: None,
                payment_link: None,
                items: items(priced, &item_ids),
                notes: new.notes.clone(),
                buyer: None,
                created_at: now,
                updated_at: now,
            };
            store::invoice::create(tx, &invoice)?;
            tell(tx, &invoice, ActivityKind::InvoiceCreated, entry)?;
            Ok(ShownInvoice::on(today, invoice))
        })
        .await
    }

    /// An invoice of the caller with its client and lines.
    pub async fn invoice(&self, claims: Claims, id: InvoiceId) -> Result<ShownInvoice> {
        let now = self.now();
        self.read(claims, move |tx, actor| {
            let invoice = find(tx, &actor, id)?;
            Ok(ShownInvoice::on(today(&actor, now)?, invoice))
        })
        .await
    }

    /// A page of invoices.
    pub async fn list_invoices(
        &self,
        claims: Claims,
        filter: InvoiceFilter,
    ) -> Result<Listing<ShownInvoice>> {
        let now = self.now();
        self.read(claims, move |tx, actor| {
            let today = today(&actor, now)?;
            let rates = client::rates(tx, &actor)?;
            let found = store::invoice_list::list(tx, actor.account, &filter, today, &rates)?;
            Ok(found.map(|invoice| ShownInvoice::on(today, invoice)))
        })
        .await
    }

    /// Changes a draft; of a sent invoice only what is not frozen.
    ///
    /// # Errors
    ///
    /// Stale, if the invoice is not the expected one any more.
    pub async fn update_invoice(
        &self,
        claims: Claims,
        id: InvoiceId,
        change: InvoiceChange,
        expected: Option<Expected<Invoice>>,
    ) -> Result<ShownInvoice> {
        let now = self.now();
        let new_ids = self.item_ids(change.lines().unwrap_or(0));
        self.write(claims, move |tx, actor| {
            let (account, today) = (actor.account, today(&actor, now)?);
            let rates = client::rates(tx, &actor)?;
            let before = find(tx, &actor, id)?;
            expected::check(expected.as_ref(), &before)?;
            let client = change
                .client_id
                .filter(|id| *id != before.client_id)
                .map(|id| client::named(tx, account, id, &rates))
                .transpose();
            let project = (change.project_id.clone().apply(before.project_id))
                .filter(|id| before.project_id != Some(*id))
                .map(|id| project::named(tx, account, id))
                .transpose();
            let ((client, _), (mut invoice, priced)) =
                Error::both(Error::both(client, project), change.clone().apply(&before, today))?;
            invoice.client = client.or(invoice.client);
            if let Some(priced) = priced {
                // The same lines in another currency or at another tax rate keep their ids.
                let old_ids: Vec<ItemId> = before.items.iter().map(|item| item.id).collect();
                let ids = if new_ids.is_empty() { &old_ids } else { &new_ids };
                invoice.items = items(priced, ids);
            }
            invoice.updated_at = now;
            store::invoice::update(tx, &before, &invoice)?;
            Ok(ShownInvoice::on(today, invoice))
        })
        .await
    }

    /// Cancels a draft; its number stays taken.
    pub async fn delete_invoice(&self, claims: Claims, id: InvoiceId) -> Result<()> {
        let now = self.now();
        self.write(claims, move |tx, actor| {
            let before = find(tx, &actor, id)?;
            match before.status {
                InvoiceStatus::Cancelled => Ok(()),
                InvoiceStatus::Draft => {
                    let status = InvoiceStatus::Cancelled;
                    let invoice = Invoice { status, updated_at: now, ..before.clone() };
                    store::invoice::update(tx, &before, &invoice)
                }
                _ => Err(Error::conflict("Only a draft can be deleted; this invoice was sent")),
            }
        })
        .await
    }

    /// A new draft like an invoice of whatever state: dated today, due after as many days.
    pub async fn duplicate_invoice(&self, claims: Claims, id: InvoiceId) -> Result<ShownInvoice> {
        let now = self.now();
        let new_id = self.new_id();
        let entry = self.new_entry(now);
        let item_ids = self.item_ids(LINES_MAX);
        self.write(claims, move |tx, actor| {
            let (account, today) = (actor.account, today(&actor, now)?);
            let before = find(tx, &actor, id)?;
            if !store::client::exists(tx, account, before.client_id)? {
                return Err(Error::conflict(
                    "The client of this invoice was deleted; write a new invoice to another",
                ));
            }
            let rates = client::rates(tx, &actor)?;
            let project = match before.project_id {
                Some(id) => Error::optional(store::project::find_bare(tx, account, id))?,
                None => None,
            };
            let days = date::days_until(before.issue_date, before.due_date).max(0);
            let due_date = today.checked_add(days.days()).unwrap_or(LAST_DAY).min(LAST_DAY);
            // Sums stay as they are: those of an amount written alone need not be what its one
            // line comes to.
            let items = before.items.iter().zip(&item_ids);
            let invoice = Invoice {
                id: new_id,
                client: Some(store::client::find(tx, account, before.client_id, &rates)?),
                project_id: project.map(|project| project.id),
                number: store::invoice_series::draw(tx, account, today.year())?,
                status: InvoiceStatus::Draft,
                issue_date: today,
                due_date,
                paid_at: None,
                payment_link: None,
                items: items.map(|(item, id)| Item { id: *id, ..item.clone() }).collect(),
                buyer: None,
                created_at: now,
                updated_at: now,
                ..before
            };
            store::invoice::create(tx, &invoice)?;
            tell(tx, &invoice, ActivityKind::InvoiceCreated, entry)?;
            Ok(ShownInvoice::on(today, invoice))
        })
        .await
    }

    fn item_ids(&self, count: usize) -> Vec<ItemId> {
        (0..count).map(|_| self.new_id()).collect()
    }
}

pub(super) fn today(actor: &Actor, now: Timestamp) -> Result<Date> {
    Ok(date::day_in(now, &actor.time_zone()?))
}

pub(super) fn find(tx: &mut Tx, actor: &Actor, id: InvoiceId) -> Result<Invoice> {
    let rates = client::rates(tx, actor)?;
    store::invoice::find(tx, actor.account, id, &rates)
}

fn items(priced: Priced, ids: &[ItemId]) -> Vec<Item> {
    priced
        .lines
        .into_iter()
        .zip(ids)
        .map(|((line, amount), id)| Item { id: *id, line, amount })
        .collect()
}

pub(super) fn tell(tx: &mut Tx, invoice: &Invoice, kind: ActivityKind, entry: Entry) -> Result<()> {
    let told = Told {
        kind,
        subject: &invoice.number,
        amount: Some(invoice.amount()),
        client: invoice.client.as_ref(),
        entity: invoice.id.to_string(),
    };
    entry.write(tx, invoice.account, told)
}
