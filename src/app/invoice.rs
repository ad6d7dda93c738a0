//! Invoices: written, sent, paid.

use jiff::{Timestamp, civil::Date};

use super::{
    App,
    activity::{Entry, Told},
    client, project,
};
use crate::{
    domain::{
        account::Account,
        activity::ActivityKind,
        client::Client,
        date,
        error::{Error, Result},
        id::{InvoiceId, ItemId},
        idempotency::{Once, Outcome},
        invoice::{
            Invoice, InvoiceChange, InvoiceFilter, InvoiceStatus, Item, NewInvoice, Party, Priced,
            ShownInvoice,
        },
        page::Listing,
        payment::{Conversion, Payment},
        session::{Actor, Claims},
    },
    store::{self, engine::Tx},
};

/// Letters of the random end of a payment link.
const LINK_LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const LINK_LENGTH: usize = 6;

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
                number: store::invoice::next_number(tx, account, issue_date.year())?,
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
            let found = store::invoice::list(tx, actor.account, &filter, today, &rates)?;
            Ok(found.map(|invoice| ShownInvoice::on(today, invoice)))
        })
        .await
    }

    /// Changes a draft; of a sent invoice only what is not frozen.
    pub async fn update_invoice(
        &self,
        claims: Claims,
        id: InvoiceId,
        change: InvoiceChange,
    ) -> Result<ShownInvoice> {
        let now = self.now();
        let new_ids = self.item_ids(change.lines().unwrap_or(0));
        self.write(claims, move |tx, actor| {
            let (account, today) = (actor.account, today(&actor, now)?);
            let rates = client::rates(tx, &actor)?;
            let before = find(tx, &actor, id)?;
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

    /// Sends a draft: it gets its payment link, and both parties' details are frozen. A sent
    /// one stays as it is.
    pub async fn send_invoice(
        &self,
        claims: Claims,
        once: Once<ShownInvoice>,
        id: InvoiceId,
    ) -> Result<Outcome<ShownInvoice>> {
        let now = self.now();
        let entry = self.new_entry(now);
        let link = self.new_payment_link(id);
        self.write_once(claims, once, now, move |tx, actor| {
            let today = today(&actor, now)?;
            let before = find(tx, &actor, id)?;
            match before.status {
                InvoiceStatus::Draft => {}
                InvoiceStatus::Paid => {
                    return Err(Error::conflict("This invoice is paid already"));
                }
                InvoiceStatus::Cancelled => {
                    return Err(Error::conflict("A cancelled invoice cannot be sent"));
                }
                _ => return Ok(ShownInvoice::on(today, before)),
            }
            let mut invoice = before.clone();
            invoice.status = InvoiceStatus::Sent;
            invoice.payment_link.get_or_insert_with(|| link.clone());
            invoice.updated_at = now;
            invoice.buyer = invoice.client.as_ref().map(buyer);
            store::invoice::update(tx, &before, &invoice)?;
            if let Some(buyer) = &invoice.buyer {
                let seller = seller(&store::account::find(tx, actor.account)?);
                store::invoice::freeze_parties(tx, id, &seller, buyer, now)?;
            }
            tell(tx, &invoice, ActivityKind::InvoiceSent, entry)?;
            Ok(ShownInvoice::on(today, invoice))
        })
        .await
    }

    /// Writes down that a sent invoice was paid in full. A paid one stays as it is.
    pub async fn mark_invoice_paid(
        &self,
        claims: Claims,
        once: Once<ShownInvoice>,
        id: InvoiceId,
    ) -> Result<Outcome<ShownInvoice>> {
        let now = self.now();
        let payment_id = self.new_id();
        let entry = self.new_entry(now);
        self.write_once(claims, once, now, move |tx, actor| {
            let today = today(&actor, now)?;
            let before = find(tx, &actor, id)?;
            match before.status {
                InvoiceStatus::Sent => {}
                InvoiceStatus::Draft => {
                    return Err(Error::conflict("Send the invoice before marking it as paid"));
                }
                InvoiceStatus::Cancelled => {
                    return Err(Error::conflict("A cancelled invoice cannot be paid"));
                }
                _ => return Ok(ShownInvoice::on(today, before)),
            }
            let (rates, amount) = (client::rates(tx, &actor)?, before.amount());
            let base = rates.rate(amount.currency).and_then(|rate| {
                let converted = amount.convert(rate, rates.base())?;
                Some(Conversion { amount: converted, rate })
            });
            let payment = Payment {
                id: payment_id,
                account: actor.account,
                invoice: id,
                client: before.client_id,
                amount,
                base,
                paid_at: now,
            };
            store::payment::create(tx, &payment)?;
            let status = InvoiceStatus::Paid;
            let invoice = Invoice { status, paid_at: Some(now), updated_at: now, ..before.clone() };
            store::invoice::update(tx, &before, &invoice)?;
            tell(tx, &invoice, ActivityKind::InvoicePaid, entry)?;
            // The client's total has just grown by this payment.
            Ok(ShownInvoice::on(today, find(tx, &actor, id)?))
        })
        .await
    }

    /// The link under which the client pays: made once, then always the same.
    pub async fn payment_link(
        &self,
        claims: Claims,
        once: Once<String>,
        id: InvoiceId,
    ) -> Result<Outcome<String>> {
        let now = self.now();
        let link = self.new_payment_link(id);
        self.write_once(claims, once, now, move |tx, actor| {
            let before = find(tx, &actor, id)?;
            match before.status {
                InvoiceStatus::Paid => Err(Error::conflict("This invoice is paid already")),
                InvoiceStatus::Cancelled => {
                    Err(Error::conflict("A cancelled invoice has no payment link"))
                }
                _ => match &before.payment_link {
                    Some(link) => Ok(link.clone()),
                    None => {
                        let invoice = Invoice {
                            payment_link: Some(link.clone()),
                            updated_at: now,
                            ..before.clone()
                        };
                        store::invoice::update(tx, &before, &invoice)?;
                        Ok(link.clone())
                    }
                },
            }
        })
        .await
    }

    fn new_payment_link(&self, id: InvoiceId) -> String {
        let mut link = format!("{}/fos-{id}-", self.payment_link_base);
        let mut byte = [0];
        let mut length = 0;
        while length < LINK_LENGTH {
            self.random.fill(&mut byte);
            // 252 is the last multiple of 36 in a byte: beyond it some letters would be likelier.
            if byte[0] < 252 {
                link.push(char::from(LINK_LETTERS[usize::from(byte[0] % 36)]));
                length += 1;
            }
        }
        link
    }

    fn item_ids(&self, count: usize) -> Vec<ItemId> {
        (0..count).map(|_| self.new_id()).collect()
    }
}

fn today(actor: &Actor, now: Timestamp) -> Result<Date> {
    Ok(date::day_in(now, &actor.time_zone()?))
}

fn find(tx: &mut Tx, actor: &Actor, id: InvoiceId) -> Result<Invoice> {
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

fn buyer(client: &Client) -> Party {
    let details = client.details.clone();
    Party {
        name: details.name,
        email: details.email,
        company: details.company,
        phone: details.phone,
        country: details.country,
        address: None,
        tax_id: None,
    }
}

fn seller(account: &Account) -> Party {
    Party {
        name: format!("{} {}", account.first_name, account.last_name),
        email: account.email.clone(),
        company: None,
        phone: None,
        country: None,
        address: None,
        tax_id: None,
    }
}

fn tell(tx: &mut Tx, invoice: &Invoice, kind: ActivityKind, entry: Entry) -> Result<()> {
    let told = Told {
        kind,
        subject: &invoice.number,
        amount: Some(invoice.amount()),
        client: invoice.client.as_ref(),
        entity: invoice.id.to_string(),
    };
    entry.write(tx, invoice.account, told)
}
