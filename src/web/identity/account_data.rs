//! `/settings/data`: who may register, data export, and deleting the account.

use askama::Template;
use poem::{Response, http::StatusCode};

use crate::{
    domain::{
        account::Password,
        code::{GivenCode, SecondCode},
        error::Result,
        export::ExportList,
        form,
        rule::Rule,
        text::{self, AnyText},
    },
    locale::{Text, t},
    web::{
        cookie,
        fields::Fields,
        form::Form,
        page::answer,
        settings::Tab,
        shell::{Section, Shell},
        visit::Visit,
    },
};

const PLACE: &str = "/settings/data";

#[derive(Template)]
#[template(path = "pages/settings/data.html")]
struct Data {
    shell: Shell,
    tab: Tab,
    registration: Option<Registration>,
}

/// The lists that can be exported as tables, with their names.
const LISTS: [(ExportList, Text); 9] = [
    (ExportList::Clients, t("clients")),
    (ExportList::Projects, t("projects")),
    (ExportList::Milestones, t("milestones")),
    (ExportList::Proposals, t("proposals")),
    (ExportList::Invoices, t("invoices")),
    (ExportList::InvoiceItems, t("settings-data-invoice-lines")),
    (ExportList::Payments, t("payments")),
    (ExportList::CreditNotes, t("credit-notes")),
    (ExportList::Messages, t("messages")),
];

/// Registration, as shown to the server's owner.
struct Registration {
    is_open: bool,
    /// Whether a setting of the program fixes it.
    is_fixed: bool,
}

#[derive(Template)]
#[template(path = "pages/settings/deletion.html")]
struct Deletion {
    shell: Shell,
    form: Form,
    email: String,
    two_factor: bool,
}

/// Shows the page.
pub async fn show(visit: Visit) -> Result<Response> {
    let registration = if visit.frame.account.is_owner {
        let is_open = visit.app.registration_is_open().await?;
        Some(Registration { is_open, is_fixed: visit.app.registration_setting().is_some() })
    } else {
        None
    };
    let page = Data { shell: visit.shell(Section::Settings), tab: Tab::Data, registration };
    Ok(answer(StatusCode::OK, &page))
}

/// Opens or closes registration.
pub async fn set_registration(visit: Visit, fields: Fields) -> Result<Response> {
    let open = fields.get("open") == "on";
    match visit.app.set_open_registration(visit.claims, open).await {
        Ok(()) if open => Ok(visit.done(PLACE, t("settings-data-registration-opened"))),
        Ok(()) => Ok(visit.done(PLACE, t("settings-data-registration-closed"))),
        Err(error) => visit.redirect_with_error(PLACE, error),
    }
}

/// Asks for confirmation before deleting an account.
pub async fn ask_deletion(visit: Visit) -> Result<Response> {
    let form = visit.form(Fields::default());
    Ok(deletion_page(&visit, StatusCode::OK, form))
}

/// Deletes the account.
pub async fn delete(visit: Visit, fields: Fields) -> Result<Response> {
    let deleted = async {
        let (password, code) = read_deletion(&fields, &visit.frame.account.email)?;
        visit.app.delete_account(visit.claims, password, code).await
    };
    match deleted.await {
        Ok(()) => {
            let mut response = visit.done("/login", t("account-deleted"));
            cookie::clear_session(&visit.app, &mut response);
            Ok(response)
        }
        Err(error) => {
            let (status, form) = visit.refused(fields, error)?;
            Ok(deletion_page(&visit, status, form))
        }
    }
}

fn read_deletion(fields: &Fields, email: &str) -> Result<(Password, Option<SecondCode>)> {
    form::Form::read(fields, |form| {
        let typed = form.required::<AnyText>("email");
        if typed.is_ok_and(|typed| text::fold(&typed) != text::fold(email)) {
            form.fail("email", Rule::OtherEmail);
        }
        let password = form.required::<Password>("password");
        let code = form.optional::<GivenCode>("totpCode");
        Ok((password?, code?.flatten()))
    })
}

fn deletion_page(visit: &Visit, status: StatusCode, form: Form) -> Response {
    let page = Deletion {
        shell: visit.shell(Section::Settings),
        form,
        email: visit.frame.account.email.clone(),
        two_factor: visit.frame.two_factor,
    };
    answer(status, &page)
}
