//! Invoices: written, listed, changed.

use jiff::{Timestamp, ToSpan, civil::Date};

use super::{
    App,
    activity::{Entry, Told},
    client, milestone, project,
};
use crate::{
    domain::{
        activity::ActivityKind,
        date,
        error::{Error, Result},
        id::{InvoiceId, ItemId, ProjectId},
        idempotency::{Once, Outcome},
        invoice::{
            Invoice, InvoiceFilter, InvoiceStatus, Item, LINES_MAX, NewInvoice, Priced,
            ShownInvoice,
        },
        page::Listing,
        rule::Rule,
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
            let milestone = new.milestone_id.map(|id| milestone::named(tx, account, id));
            let milestone = milestone.transpose()?;
            let of_milestone = milestone.as_ref().map(|milestone| milestone.project_id);
            let client = client::named(tx, account, new.client_id, &rates);
            let project_id = new.project_id.or(of_milestone);
            let project = project_id.map(|id| project::named(tx, account, id)).transpose();
            // What is made of a project is in its currency.
            let of_project = project.as_ref().ok().and_then(Option::as_ref);
            let currency = (new.currency)
                .or(of_project.map(|project| project.budget.currency))
                .unwrap_or(actor.currency);
            let ((client, project), priced) =
                Error::both(Error::both(client, project), new.price(currency))?;
            let strays = |id: ProjectId| of_milestone.is_some_and(|of| of != id);
            if project.is_some_and(|project| project.client_id != client.id || strays(project.id)) {
                return Err(Error::field("projectId", Rule::OtherClient));
            }
            let issue_date = new.issue_date.unwrap_or(today);
            let invoice = Invoice {
                id,
                account,
                client_id: client.id,
                client: Some(client),
                project_id,
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
            if let Some(milestone) = milestone {
                milestone::mark_invoiced(tx, account, milestone.id, id)?;
            }
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
            let found = store::invoice::list(tx, actor.account, &filter, today, &rates)?;
            Ok(found.map(|invoice| ShownInvoice::on(today, invoice)))
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
                project_id: project
                    .filter(|project| project.client_id == before.client_id)
                    .map(|project| project.id),
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

    pub(super) fn item_ids(&self, count: usize) -> Vec<ItemId> {
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

pub(super) fn items(priced: Priced, ids: &[ItemId]) -> Vec<Item> {
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
