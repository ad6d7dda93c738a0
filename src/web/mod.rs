//! The web app: pages for the browser that use the same use cases as the APIs. They work without
//! scripts, which only add convenience.

mod billing;
mod identity;
mod kit;
mod platform;
pub mod profile;
mod work;

pub use self::billing::{
    client, credit_note, exchange_rate, held_payment, invoice, invoice_bulk, invoice_defaults,
    invoice_editor, invoice_history, invoice_lines, invoice_link, invoice_list, invoice_new,
    invoice_offer, invoice_preset, invoice_preview, invoice_send, invoice_sheet, invoice_totals,
    invoice_values, payment, payment_method, provider, reminder, statement, tax,
};
pub use self::identity::{
    account_data, code, passkey, registration, security, session, two_factor, verify_email,
};
pub use self::kit::asset::icon;
pub use self::kit::figure::amount;
pub use self::kit::{
    asset, avatar, brand, choice, control, cookie, days, editing, fields, figure, form, guest,
    mailto, page, pager, pages, period, prose, sample, say, shell, shown_work, swatches, tabs,
    theme, visit,
};
use self::kit::{form_body, front, signed_out};
#[cfg(debug_assertions)]
use self::platform::design_system;
pub use self::platform::{
    chart, dashboard, export, image, log, mail, mail_settings, needs, notice, search, settings,
    setup,
};
pub use self::profile::{message, portfolio, public_profile};
pub use self::work::{
    milestone, project, project_board, proposal, proposal_deposit, proposal_editor, public_proposal,
};

use std::sync::Arc;

use poem::{Endpoint, EndpointExt, Response, Route, http::Method};

use self::{
    pages::Pages,
    visit::{Guest, Visit},
};
use crate::{
    app::{App, limit::Limit},
    http::middleware::rate_limit::RouteLimit,
};

/// Routes every page: those of `pages` are for signed-in readers, those of `open` for everyone.
/// `:id` is an id in API form, `:token` the secret of a public link.
pub fn routes(app: &Arc<App>) -> impl Endpoint<Output = Response> + use<> {
    let (pages, open) = (Pages::<Visit>::of(app), Pages::<Guest>::of(app));
    let app = Arc::clone(app);
    let route = Route::new();
    #[cfg(debug_assertions)]
    let route = route.at("/design-system", pages.show(design_system::show));
    route
        .nest("/assets", asset::routes())
        .at("/", pages.show(dashboard::show))
        .at("/clients", pages.page(client::list, client::create))
        .at("/clients/new", pages.show(client::new))
        .at("/clients/:id", pages.show(client::show))
        .at("/clients/:id/statement", pages.show(statement::show))
        .at("/clients/:id/statement/pdf", pages.show(statement::pdf))
        .at("/clients/:id/edit", pages.page(client::edit, client::update))
        .at("/clients/:id/delete", pages.act(client::delete))
        .at("/login", open.page(session::login, session::sign_in))
        .at("/login/passkey", open.act(passkey::login))
        .at("/login/passkey/options", open.act(passkey::start_login))
        .at("/logout", pages.act(session::logout))
        .at("/theme", pages.act(settings::set_theme))
        .at("/setup/hide", pages.act(setup::hide))
        .at("/search", pages.show(search::show))
        .at("/welcome", open.page(registration::welcome, registration::found))
        .at("/register", open.page(registration::new, registration::register))
        .at("/forgot", open.page(code::forgot, code::send))
        .at("/reset", open.page(code::reset, code::set))
        .nest("/settings", settings(&pages))
        .at("/projects", pages.page(project::list, project::create))
        .at("/projects/new", pages.show(project::new))
        .at("/projects/:id", pages.show(project::show))
        .at("/projects/:id/edit", pages.page(project::edit, project::update))
        .at("/projects/:id/move", pages.act(project_board::move_to))
        .at("/projects/:id/delete", pages.act(project::delete))
        .at("/projects/:id/milestones", pages.act(milestone::create))
        .at(
            "/projects/:id/milestones/:milestone/edit",
            pages.page(milestone::edit, milestone::update),
        )
        .at("/projects/:id/milestones/:milestone/status", pages.act(milestone::mark))
        .at("/projects/:id/milestones/:milestone/invoice", pages.act(milestone::invoice))
        .at("/projects/:id/milestones/:milestone/delete", pages.act(milestone::delete))
        .at("/proposals", pages.page(proposal::list, proposal_editor::create))
        .at("/proposals/new", pages.show(proposal_editor::new))
        .at("/proposals/:id", pages.show(proposal::show))
        .at("/proposals/:id/edit", pages.page(proposal_editor::edit, proposal_editor::update))
        .at("/proposals/:id/pdf", pages.show(proposal::print))
        .at("/proposals/:id/send", pages.act(proposal::send))
        .at("/proposals/:id/answer", pages.act(proposal::answer))
        .at("/proposals/:id/project", pages.act(proposal::begin))
        .at("/proposals/:id/deposit", pages.page(proposal_deposit::new, proposal_deposit::create))
        .at("/proposals/:id/duplicate", pages.act(proposal::duplicate))
        .at("/proposals/:id/delete", pages.act(proposal::delete))
        .at("/messages", pages.show(message::list))
        .at("/messages/:id", pages.show(message::show))
        .at("/messages/:id/unread", pages.act(message::mark_unread))
        .at("/messages/:id/delete", pages.act(message::delete))
        .at("/p/:token", open.page(public_proposal::show, public_proposal::reply))
        .at("/invoices", pages.page(invoice_list::show, invoice_editor::create))
        .at("/invoices/new", pages.show(invoice_new::new))
        .at("/invoices/export.csv", pages.show(invoice_bulk::export))
        .at("/invoices/picked.csv", pages.show(invoice_bulk::table))
        .at("/invoices/picked.zip", pages.show(invoice_bulk::archive))
        .at("/invoices/remind", pages.page(invoice_bulk::ask_reminders, invoice_bulk::remind))
        .at("/invoices/clients", pages.show(invoice_offer::clients))
        .at("/invoices/projects", pages.show(invoice_offer::projects_of))
        .at("/invoices/totals", pages.act(invoice_totals::show))
        .at("/invoices/:id", pages.show(invoice::show))
        .at("/invoices/:id/edit", pages.page(invoice_editor::edit, invoice_editor::update))
        .at("/invoices/:id/send", pages.act(invoice_send::send))
        .at("/invoices/:id/send/preview", pages.act(invoice_send::preview))
        .at("/invoices/:id/remind", pages.act(invoice::remind))
        .at("/invoices/:id/reminders", pages.act(reminder::set_for_invoice))
        .at("/reminders", pages.show(reminder::list))
        .at("/invoices/:id/mark-paid", pages.act(invoice::mark_paid))
        .at("/invoices/:id/payments/new", pages.page(payment::new, payment::create))
        .at("/invoices/:id/refunds/new", pages.page(payment::new_refund, payment::create_refund))
        .at("/invoices/:id/payment-link", pages.act(invoice::payment_link))
        .at("/invoices/:id/duplicate", pages.act(invoice::duplicate))
        .at("/invoices/:id/delete", pages.act(invoice::delete))
        .at("/invoices/:id/pdf", pages.show(invoice::pdf))
        .at("/payments", pages.show(payment::list))
        .at("/payments/:id/undo", pages.act(payment::undo))
        .at("/notices", pages.show(notice::list))
        .at("/notices/read", pages.act(notice::read))
        .at("/mails/:id/send-again", pages.act(mail::send_again))
        .at("/mails/:id/try-now", pages.act(mail::try_now))
        .at("/held-payments/:id/book", pages.act(held_payment::book))
        .at("/held-payments/:id/dismiss", pages.act(held_payment::dismiss))
        .at("/invoices/:id/receipt", pages.show(credit_note::receipt))
        .at("/invoices/:id/credit", pages.page(credit_note::new, credit_note::create))
        .at("/credit-notes/:id", pages.show(credit_note::show))
        .at("/credit-notes/:id/pdf", pages.show(credit_note::pdf))
        .at("/credit-notes/:id/send", pages.act(credit_note::send))
        .at("/i/:token", open.show(invoice_link::show))
        .at("/i/:token/pdf", open.show(invoice_link::pdf))
        .at("/i/:token/pay", open.show(invoice_link::pay))
        .at("/images/:id", open.show(image::show))
        .at("/profile", pages.page(profile::edit, profile::update))
        .at("/profile/picture", pages.act(profile::set_picture))
        .at("/profile/picture/delete", pages.act(profile::remove_picture))
        .at("/profile/portfolio", pages.page(portfolio::list, portfolio::create))
        .at("/profile/portfolio/new", pages.show(portfolio::new))
        .at("/profile/portfolio/:id/edit", pages.page(portfolio::edit, portfolio::update))
        .at("/profile/portfolio/:id/delete", pages.act(portfolio::delete))
        .at("/profile/portfolio/:id/pictures", pages.act(portfolio::add_picture))
        .at("/profile/portfolio/:id/pictures/delete", pages.act(portfolio::remove_picture))
        .at("/u/:username", open.show(public_profile::show))
        .at("/u/:username/messages", open.act(public_profile::write))
        .at("/p/:token/pdf", open.show(public_proposal::print))
        .at("/verify-email", open.page(verify_email::ask, verify_email::verify))
        .at("/not-me", open.page(verify_email::ask_removal, verify_email::remove))
        .map_to_response()
        .around(move |pages, request| {
            let app = Arc::clone(&app);
            async move { front::pass(&app, &*pages, request).await }
        })
}

/// The routes of the settings.
fn settings(pages: &Pages<Visit>) -> Route {
    Route::new()
        .at("/", pages.page(settings::show, settings::update))
        .at("/verify-email", pages.act(settings::verify_email))
        .at("/verify-code", pages.act(settings::verify_code))
        .at("/money", pages.page(exchange_rate::show, exchange_rate::update))
        .at("/money/rates", pages.act(exchange_rate::set))
        .at("/money/rates/delete", pages.act(exchange_rate::delete))
        .at("/invoices", pages.page(invoice_defaults::show, invoice_defaults::update))
        .at("/invoices/sample.pdf", pages.show(invoice_defaults::sample))
        .at("/invoices/logo", pages.act(invoice_defaults::set_logo))
        .at("/invoices/logo/remove", pages.act(invoice_defaults::remove_logo))
        .at("/getting-paid", pages.page(payment_method::show, payment_method::update))
        .at("/getting-paid/new", pages.page(payment_method::new, payment_method::create))
        .at("/getting-paid/:key/edit", pages.page(payment_method::edit, payment_method::replace))
        .at("/getting-paid/:key/up", pages.act(payment_method::move_up))
        .at("/getting-paid/:key/delete", pages.act(payment_method::delete))
        .at("/reminders", pages.page(reminder::show, reminder::update))
        .at("/reminders/new", pages.page(reminder::new, reminder::create))
        .at("/reminders/preview", pages.act(reminder::preview))
        .at("/reminders/:days/edit", pages.page(reminder::edit, reminder::replace))
        .at("/reminders/:days/delete", pages.act(reminder::delete))
        .at("/reminders/:days/test", pages.act(reminder::test))
        .at("/taxes", pages.page(tax::list, tax::create))
        .at("/taxes/:id/edit", pages.page(tax::edit, tax::update))
        .at("/taxes/:id/delete", pages.act(tax::delete))
        .at("/providers", pages.show(provider::list))
        .at("/providers/:provider", pages.page(provider::edit, provider::update))
        .at("/providers/:provider/remove", pages.act(provider::remove))
        .at("/providers/:provider/test", pages.show(provider::test))
        .at("/notifications", pages.page(notice::settings, notice::update))
        .at("/email", pages.page(mail_settings::show, mail_settings::update))
        .at("/email/test", pages.act(mail_settings::test))
        .at("/security", pages.show(security::show))
        .at("/security/password", pages.act(security::set_password))
        .at("/security/passkeys", pages.act(passkey::create))
        .at("/security/passkeys/options", pages.act(passkey::start))
        .at("/security/passkeys/:id/delete", pages.act(passkey::delete))
        .at("/security/two-factor", pages.page(two_factor::show, two_factor::begin))
        .at("/security/two-factor/confirm", pages.page(two_factor::show, two_factor::confirm))
        .at("/security/two-factor/disable", pages.act(two_factor::disable))
        .at("/security/sessions/end-others", pages.act(security::end_others))
        .at("/security/sessions/:id/end", pages.act(security::end_session))
        .at("/data", pages.show(account_data::show))
        .at("/data/export.json", pages.show(export::document))
        .at("/data/export/:list", pages.show(export::table))
        .at("/data/registration", pages.act(account_data::set_registration))
        .at("/data/delete", pages.page(account_data::ask_deletion, account_data::delete))
}

/// Pages share the limits of the matching API operations. The first visit has none: it is only
/// possible until there is an account, and a typo should not cost an hour.
pub const LIMITS: &[RouteLimit] = &[
    (Method::GET, "/p/*", Limit::PublicView),
    (Method::POST, "/p/*", Limit::ProposalAnswer),
    (Method::POST, "/login", Limit::HubLogin),
    (Method::POST, "/login/passkey", Limit::HubLogin),
    (Method::POST, "/login/passkey/options", Limit::PasskeyChallenge),
    (Method::POST, "/register", Limit::HubRegister),
    (Method::POST, "/forgot", Limit::Codes),
    (Method::POST, "/reset", Limit::Codes),
    (Method::GET, "/i/*", Limit::PublicView),
    (Method::GET, "/i/*/pdf", Limit::PublicView),
    (Method::GET, "/i/*/pay", Limit::Checkout),
    (Method::GET, "/u/*", Limit::PublicView),
    // The form has its own limit; this one is for the profile shown with it.
    (Method::POST, "/u/*/messages", Limit::PublicView),
    (Method::GET, "/p/*/pdf", Limit::PublicView),
];
