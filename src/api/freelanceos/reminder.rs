//! `/reminders`, and the reminders of an invoice.

use std::sync::Arc;

use poem_openapi::{OpenApi, param::Path};

use super::{
    Tag,
    envelope::{Created, Paged, Reply, render},
    error::{Changing, Failed, Listing, ListingOf},
};
use crate::{
    app::{
        App,
        reminder::{list_reminders, list_reminders_of_invoice, send_reminder},
        unit_of_work::Work,
    },
    domain::{
        id::{ClientId, InvoiceId, ReminderId},
        reminder::{Reminder, ReminderFilter, ReminderPage, ReminderState, SkipReason},
    },
    http::{
        bearer::Bearer,
        body::Body,
        query::Query,
        schema::{Instant, OneOf, Text, bodies, schema},
    },
};

schema! {
    /// A reminder that was sent, or why it was not.
    struct ReminderBody "Reminder" of reminder: Reminder {
        id "id": Text<ReminderId> = Text(reminder.id),
        invoice_id "invoiceId": Text<InvoiceId> = Text(reminder.invoice),
        invoice_number "invoiceNumber": String = reminder.invoice_number,
        client_id "clientId": Text<ClientId> = Text(reminder.client),
        client_name "clientName": String = reminder.client_name,
        /// The days of its step from the due date; left out if it was sent by hand.
        days "days": Option<i32> = reminder.days,
        state "state": OneOf<ReminderState> = OneOf(reminder.state),
        /// Why it was not sent: a newer step was due by then, or before the email went out the
        /// invoice was paid or voided or reminders were turned off, or the account's address is not
        /// verified, or there is no mail server, or the mail server refused it.
        reason "reason": Option<OneOf<SkipReason>> = reminder.reason.map(OneOf),
        /// The draft of its late fee.
        late_fee_id "lateFeeInvoiceId": Option<Text<InvoiceId>> =
            reminder.fee.map(|(id, _)| Text(id)),
        at "at": Instant = Instant(reminder.at),
    }
}

bodies! {
    /// Sends a reminder. Has no fields.
    RemindInput "SendReminder" = (), example "{}";
}

/// The routes of reminders.
pub struct Routes(pub Arc<App>);

#[OpenApi(tag = "Tag::Reminders")]
impl Routes {
    /// List reminders, newest first
    ///
    /// What was sent to clients about unpaid invoices, and what was not and why.
    #[oai(path = "/reminders", method = "get", operation_id = "listReminders")]
    async fn list(
        &self,
        bearer: Bearer,
        filter: Query<ReminderFilter>,
    ) -> Result<Paged<ReminderBody>, Failed<Listing>> {
        let filter = self.0.admit(bearer.0, filter.read()).await?;
        Ok(Paged::new(self.0.query(bearer.0, move |work| list_reminders(work, &filter)).await?))
    }

    /// List the reminders of an invoice, newest first
    ///
    /// Those of its steps, and those that were sent by hand.
    #[oai(path = "/invoices/:id/reminders", method = "get", operation_id = "listInvoiceReminders")]
    async fn list_of_invoice(
        &self,
        bearer: Bearer,
        id: Path<InvoiceId>,
        page: Query<ReminderPage>,
    ) -> Result<Paged<ReminderBody>, Failed<ListingOf>> {
        let page = self.0.admit(bearer.0, page.read()).await?.page;
        let list = self.0.query(bearer.0, move |work| list_reminders_of_invoice(work, id.0, page));
        Ok(Paged::new(list.await?))
    }

    /// Send a reminder of an invoice now
    ///
    /// At most once a day for each invoice, whatever the settings say. Returns 409 if nothing is
    /// due, or less than a day has passed since the last reminder.
    #[oai(path = "/invoices/:id/remind", method = "post", operation_id = "sendReminder")]
    async fn send(
        &self,
        body: Body<RemindInput>,
        bearer: Bearer,
        id: Path<InvoiceId>,
    ) -> Result<Created<ReminderBody>, Failed<Changing>> {
        let input = body.once(render::<_, ReminderBody>);
        let (once, ()) = self.0.admit(bearer.0, input).await?;
        let send = move |work: &mut Work| send_reminder(work, id.0);
        Ok(Reply::once(self.0.run_once(bearer.0, once, send).await?))
    }
}
