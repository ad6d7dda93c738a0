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

use std::{collections::HashMap, sync::Arc};

use poem::{endpoint::BoxEndpoint, http::Method};
use poem_openapi::{
    OpenApi, OpenApiService, Tags,
    registry::{MetaApi, Registry},
};

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
    named(routes)
}

/// The routes as they are documented. They need no [`App`], and nothing can be asked of them.
struct Described;

impl OpenApi for Described {
    fn meta() -> Vec<MetaApi> {
        Routes::meta()
    }

    fn register(registry: &mut Registry) {
        Routes::register(registry);
    }

    fn add_routes(self, _: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {}
}

fn named<T: OpenApi>(routes: T) -> OpenApiService<T, ()> {
    OpenApiService::new(routes, "FreelanceOS API", env!("CARGO_PKG_VERSION"))
}
