//! Sends an invoice from its page, and shows the email before.

use poem::Response;

use crate::{
    app::{invoice_send::send_invoice, unit_of_work::Work},
    domain::{error::Result, input::Input, invoice::Delivery},
    locale::t,
    web::{
        fields::Fields,
        invoice::{place, show_page},
        page,
        visit::Visit,
    },
};

/// Sends an invoice, or sends it again.
pub async fn send(visit: Visit, fields: Fields) -> Result<Response> {
    let id = visit.id();
    let send = move |work: &mut Work, delivery: &_| send_invoice(work, id, delivery);
    match visit.run_once(&fields, Delivery::read(&fields), place, send).await {
        Ok(outcome) => {
            let text = match visit.app.invoice_record(visit.claims, id).await?.mails.first() {
                None => t("invoice-sent-not-mailed"),
                Some(_) if !visit.app.has_mail_server() => t("invoice-sent-saved"),
                Some(mail) => t("invoice-sent-to").with("email", &mail.to),
            };
            Ok(visit.redirect_once(&outcome, place, text))
        }
        Err(error) => {
            let (status, form) = visit.refused(fields, error)?;
            show_page(&visit, status, form).await
        }
    }
}

/// Shows the email that would be sent.
pub async fn preview(visit: Visit, fields: Fields) -> Result<Response> {
    let message = Delivery::read(&fields.only("message"))?.message;
    let mail = visit.app.preview_invoice_mail(visit.claims, visit.id(), message.as_deref()).await?;
    Ok(page::mail(&mail))
}
