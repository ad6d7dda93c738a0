//! Exports of a user's data.

use crate::domain::word::words;

words! {
    /// What can be exported as a table.
    ExportList {
        Clients "clients",
        Projects "projects",
        Milestones "milestones",
        Proposals "proposals",
        Invoices "invoices",
        InvoiceItems "invoice-items",
        Payments "payments",
        CreditNotes "credit-notes",
        Messages "messages",
    }
}
