//! The steps of setting up a new account, shown on Home until they are done or hidden.

use poem::Response;

use crate::{
    domain::{account::Role, error::Result},
    locale::{Text, t},
    web::{cookie, fields::Fields, page::redirect, visit::Visit},
};

/// One step.
pub struct Step {
    pub label: Text,
    /// Its benefit.
    pub text: Text,
    pub href: &'static str,
    pub is_done: bool,
}

/// The completed steps.
pub struct Done {
    pub has_client: bool,
    pub has_invoice: bool,
    /// Whether invoices have payment instructions.
    pub has_payment_details: bool,
}

/// Returns all steps; none if all are done or the reader has hidden them.
pub fn steps(visit: &Visit, done: &Done) -> Vec<Step> {
    let account = &visit.frame.account;
    if cookie::is_setup_hidden(&visit.app, &visit.request, account.id) {
        return Vec::new();
    }
    let mut steps = vec![
        Step {
            label: t("dashboard-step-client"),
            text: t("dashboard-step-client-text"),
            href: "/clients/new",
            is_done: done.has_client || done.has_invoice,
        },
        Step {
            label: t("dashboard-step-payment"),
            text: t("dashboard-step-payment-text"),
            href: "/settings/invoices",
            is_done: done.has_payment_details,
        },
        Step {
            label: t("dashboard-step-invoice"),
            text: t("dashboard-step-invoice-text"),
            href: "/invoices/new",
            is_done: done.has_invoice,
        },
    ];
    if account.role == Role::Freelancer {
        steps.push(Step {
            label: t("set-up-public-profile"),
            text: t("dashboard-step-profile-text"),
            href: "/profile",
            is_done: account.username.is_some(),
        });
    }
    let is_done = steps.iter().all(|step| step.is_done);
    if is_done { Vec::new() } else { steps }
}

/// Hides the steps.
pub async fn hide(visit: Visit, _: Fields) -> Result<Response> {
    let mut response = redirect("/");
    cookie::hide_setup(&visit.app, &mut response, visit.frame.account.id);
    Ok(response)
}
