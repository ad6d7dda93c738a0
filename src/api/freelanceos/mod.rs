//! The FreelanceOS API, under `/api/v1`.

mod account;
mod activity;
mod client;
mod dashboard;
mod envelope;
pub mod error;
mod invoice;
mod milestone;
pub mod openapi;
mod project;
mod proposal;

use std::sync::Arc;

use poem_openapi::{OpenApiService, Tags};

use crate::app::App;

/// The sections of the document.
#[derive(Tags)]
enum Tag {
    /// Registration, login, one's own profile
    Auth,
    /// Whom the user works for
    Clients,
    /// The work
    Projects,
    /// The parts of a project
    Milestones,
    /// What is billed
    Invoices,
    /// What is offered
    Proposals,
    /// Key figures
    Dashboard,
}

type Routes = (
    account::Routes,
    client::Routes,
    project::Routes,
    milestone::Routes,
    invoice::Routes,
    proposal::Routes,
    dashboard::Routes,
);

/// The routes of the API.
pub fn service(app: &Arc<App>) -> OpenApiService<Routes, ()> {
    let app = || Arc::clone(app);
    let routes = (
        account::Routes(app()),
        client::Routes(app()),
        project::Routes(app()),
        milestone::Routes(app()),
        invoice::Routes(app()),
        proposal::Routes(app()),
        dashboard::Routes(app()),
    );
    OpenApiService::new(routes, "FreelanceOS API", env!("CARGO_PKG_VERSION"))
}
