//! Changes of invoices: their fields, and what a new status does.

use crate::{
    app::{
        client::require_client,
        invoice::{find_invoice, new_items},
        invoice_send::freeze,
        payment::receive_payment,
        project::require_project,
        unit_of_work::Work,
    },
    domain::{
        error::{Error, Result},
        expected::{self, Expected},
        id::InvoiceId,
        invoice::{Invoice, InvoiceChange, InvoiceStatus, ShownInvoice, Step},
        rule::Rule,
    },
    store,
};

/// Changes a draft; of a sent invoice only what is not frozen. A new status then does what its
/// name says: all of it, or nothing.
///
/// # Errors
///
/// Stale, if the invoice is not the expected one any more.
pub fn update_invoice(
    work: &mut Work,
    id: InvoiceId,
    change: &InvoiceChange,
    expected: Option<&Expected<Invoice>>,
) -> Result<ShownInvoice> {
    let before = find_invoice(work, id)?;
    expected::check(expected, &before)?;
    let (mut invoice, step) = apply(work, &before, change)?;
    if step == Step::Send {
        let invoice = freeze(work, &before, invoice)?;
        return Ok(ShownInvoice::on(work.today()?, invoice));
    }
    if step == Step::Cancel {
        invoice.status = InvoiceStatus::Cancelled;
    }
    store::invoice::update(work.tx, &before, &invoice)?;
    if step == Step::Pay {
        invoice = receive_payment(work, invoice)?;
    }
    Ok(ShownInvoice::on(work.today()?, invoice))
}

/// The invoice with its fields changed; nothing is written yet.
fn apply(work: &mut Work, before: &Invoice, change: &InvoiceChange) -> Result<(Invoice, Step)> {
    let today = work.today()?;
    let client = change
        .client_id
        .filter(|id| *id != before.client_id)
        .map(|id| require_client(work, id))
        .transpose();
    let project_id = change.project_id.clone().apply(before.project_id);
    let is_moved = project_id != before.project_id || !matches!(client, Ok(None));
    let project = project_id.filter(|_| is_moved).map(|id| require_project(work, id)).transpose();
    let ((client, project), (mut invoice, priced, step)) =
        Error::both(Error::both(client, project), change.clone().apply(before, today))?;
    if project.is_some_and(|project| project.client_id != invoice.client_id) {
        return Err(Error::field("projectId", Rule::OtherClient));
    }
    invoice.client = client.or(invoice.client);
    if let Some(priced) = priced {
        invoice.items = new_items(work, priced);
        if change.lines.is_none() {
            // The same lines in another currency or at another tax rate keep their ids.
            let kept = invoice.items.iter_mut().zip(&before.items);
            kept.for_each(|(item, before)| item.id = before.id);
        }
    }
    invoice.updated_at = work.now;
    Ok((invoice, step))
}
