//! The web app: pages that people open in a browser, over the same use cases as the APIs. They
//! work without scripts; scripts make them pleasant.

pub mod asset;
pub mod client;
pub mod cookie;
pub mod dashboard;
pub mod fields;
pub mod form;
mod front;
pub mod page;
pub mod pager;
pub mod proposal;
pub mod say;
pub mod shell;
pub mod verify_email;
pub mod visit;

use std::sync::Arc;

use poem::{Endpoint, EndpointExt, Response, Route, http::Method};

use self::visit::Pages;
use crate::{
    app::{App, limit::Limit},
    http::edge::RouteLimit,
};

/// Every page. `:id` is an id as the APIs write it, `:token` the secret of a public link.
pub fn routes(app: &Arc<App>) -> impl Endpoint<Output = Response> + use<> {
    let pages = Pages(app);
    let app = Arc::clone(app);
    Route::new()
        .nest("/assets", asset::routes())
        .at("/", pages.show(dashboard::show))
        .at("/clients", pages.page(client::list, client::create))
        .at("/clients/new", pages.show(client::new))
        .at("/clients/:id", pages.show(client::show))
        .at("/clients/:id/edit", pages.page(client::edit, client::update))
        .at("/clients/:id/delete", pages.act(client::delete))
        .at("/p/:token", pages.open_page(proposal::show, proposal::reply))
        .at("/verify-email", pages.open_page(verify_email::ask, verify_email::verify))
        .map_to_response()
        .around(move |pages, request| {
            let app = Arc::clone(&app);
            async move { front::pass(&app, &*pages, request).await }
        })
}

/// Pages share the limits of what the APIs offer for the same.
pub const LIMITS: &[RouteLimit] =
    &[(Method::GET, "/p/*", Limit::PublicView), (Method::POST, "/p/*", Limit::ProposalAnswer)];
