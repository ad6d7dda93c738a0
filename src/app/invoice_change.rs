//! Changes of invoices: their fields, and what a new status does.

use jiff::Timestamp;

use super::{
    App, client, invoice,
    invoice_file::{TRIES, moved},
    invoice_send::Found,
    project,
};
use crate::{
    domain::{
        error::{Error, Result},
        expected::{self, Expected},
        id::{InvoiceId, ItemId},
        invoice::{Invoice, InvoiceChange, InvoiceStatus, ShownInvoice, Step},
        rule::Rule,
        session::{Actor, Claims},
    },
    store::{self, engine::Tx},
};

/// A change with what it needs, made before the transaction that writes it.
#[derive(Clone)]
struct Prepared {
    id: InvoiceId,
    change: InvoiceChange,
    expected: Option<Expected<Invoice>>,
    item_ids: Vec<ItemId>,
    now: Timestamp,
}

impl Prepared {
    /// The invoice as it is, and with its fields changed; nothing is written yet.
    fn apply(&self, tx: &mut Tx, actor: &Actor) -> Result<(Invoice, Invoice, Step)> {
        let (account, today) = (actor.account, invoice::today(actor, self.now)?);
        let rates = client::rates(tx, actor)?;
        let before = invoice::find(tx, actor, self.id)?;
        expected::check(self.expected.as_ref(), &before)?;
        let change = &self.change;
        let client = change
            .client_id
            .filter(|id| *id != before.client_id)
            .map(|id| client::named(tx, account, id, &rates))
            .transpose();
        let project_id = change.project_id.clone().apply(before.project_id);
        let is_moved = project_id != before.project_id || !matches!(client, Ok(None));
        let project =
            project_id.filter(|_| is_moved).map(|id| project::named(tx, account, id)).transpose();
        let ((client, project), (mut invoice, priced, step)) =
            Error::both(Error::both(client, project), change.clone().apply(&before, today))?;
        if project.is_some_and(|project| project.client_id != invoice.client_id) {
            return Err(Error::field("projectId", Rule::OtherClient));
        }
        invoice.client = client.or(invoice.client);
        if let Some(priced) = priced {
            // The same lines in another currency or at another tax rate keep their ids.
            let old_ids: Vec<ItemId> = before.items.iter().map(|item| item.id).collect();
            let ids = if self.item_ids.is_empty() { &old_ids } else { &self.item_ids };
            invoice.items = invoice::items(priced, ids);
        }
        invoice.updated_at = self.now;
        Ok((before, invoice, step))
    }
}

impl App {
    /// Changes a draft; of a sent invoice only what is not frozen. A new status then does what
    /// its name says: all of it, or nothing.
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
        let sends = change.sends();
        let item_ids = self.item_ids(change.lines().unwrap_or(0));
        let change = Prepared { id, change, expected, item_ids, now };
        if sends {
            return self.update_and_send_invoice(claims, change).await;
        }
        let receipt = self.new_receipt();
        self.write(claims, move |tx, actor| {
            let (before, mut invoice, step) = change.apply(tx, &actor)?;
            if step == Step::Cancel {
                invoice.status = InvoiceStatus::Cancelled;
            }
            store::invoice::update(tx, &before, &invoice)?;
            if step == Step::Pay {
                invoice = receipt.write(tx, &actor, invoice)?;
            }
            Ok(ShownInvoice::on(invoice::today(&actor, now)?, invoice))
        })
        .await
    }

    /// Changes a draft and sends it, without mailing anybody.
    async fn update_and_send_invoice(
        &self,
        claims: Claims,
        change: Prepared,
    ) -> Result<ShownInvoice> {
        let now = change.now;
        let entry = self.new_entry(now);
        let payment_link = self.new_payment_link(change.id);
        for _ in 0..TRIES {
            let reading = change.clone();
            let found = self
                .read(claims, move |tx, actor| match reading.apply(tx, &actor)? {
                    (_, invoice, Step::Send) => Found::read(tx, &actor, invoice, now).map(Some),
                    _ => Ok(None),
                })
                .await?;
            let outgoing = match found {
                Some(found) => {
                    Some(self.make_outgoing(found, None, Some(&payment_link), now).await?)
                }
                None => None,
            };
            let writing = change.clone();
            let sent = self
                .write(claims, move |tx, actor| {
                    let (before, mut invoice, step) = writing.apply(tx, &actor)?;
                    if step == Step::Send {
                        let Some(outgoing) = &outgoing else { return Ok(None) };
                        if !outgoing.is_fresh(tx, &actor, &invoice)? {
                            return Ok(None);
                        }
                        invoice = outgoing.send(tx, &before, invoice, entry)?;
                        outgoing.write(tx, before.id, now)?;
                    } else {
                        store::invoice::update(tx, &before, &invoice)?;
                    }
                    Ok(Some(ShownInvoice::on(invoice::today(&actor, now)?, invoice)))
                })
                .await;
            if let Some(sent) = sent.transpose() {
                return sent;
            }
        }
        Err(moved())
    }
}
