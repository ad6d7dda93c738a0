//! The FreelanceOS API, under `/api/v1`.

pub(super) mod account;
mod activity;
mod client;
mod credit_note;
mod dashboard;
pub(super) mod envelope;
pub mod error;
mod held_payment;
mod invoice;
mod mail;
mod milestone;
mod notice;
mod payment;
mod project;
mod proposal;
mod reminder;
mod settings;
mod statement;
mod tax;

use std::sync::Arc;

use poem_openapi::Tags;

use crate::app::App;

/// The sections of the document.
#[derive(Tags)]
pub(super) enum Tag {
    /// Registration, login, and the user's profile
    Auth,
    /// The people and companies the user works for
    Clients,
    /// Work for clients
    Projects,
    /// Parts of a project
    Milestones,
    /// Requests for payment
    Invoices,
    /// Taxes on invoices
    Taxes,
    /// Money received, and refunds
    Payments,
    /// Amounts taken off sent invoices
    #[oai(rename = "Credit notes")]
    CreditNotes,
    /// Emails to clients about unpaid invoices
    Reminders,
    /// Offers to clients
    Proposals,
    /// What was mailed to clients, and what failed
    #[oai(rename = "Emails")]
    Mails,
    /// What others or the program did
    Notices,
    /// Key figures
    Dashboard,
    /// The business, invoice defaults and payment methods
    Settings,
}

/// The routes of the API.
pub type Routes = (
    account::Routes,
    client::Routes,
    project::Routes,
    milestone::Routes,
    invoice::Routes,
    tax::Routes,
    payment::Routes,
    held_payment::Routes,
    credit_note::Routes,
    reminder::Routes,
    statement::Routes,
    proposal::Routes,
    mail::Routes,
    notice::Routes,
    dashboard::Routes,
    settings::Routes,
);

/// The routes of the API, over an app.
pub fn routes(app: &Arc<App>) -> Routes {
    let app = || Arc::clone(app);
    (
        account::Routes(app()),
        client::Routes(app()),
        project::Routes(app()),
        milestone::Routes(app()),
        invoice::Routes(app()),
        tax::Routes(app()),
        payment::Routes(app()),
        held_payment::Routes(app()),
        credit_note::Routes(app()),
        reminder::Routes(app()),
        statement::Routes(app()),
        proposal::Routes(app()),
        mail::Routes(app()),
        notice::Routes(app()),
        dashboard::Routes(app()),
        settings::Routes(app()),
    )
}
