//! `/payments`, and the forms that record payments and refunds for an invoice.

use askama::Template;
use jiff::civil::Date;
use poem::{Response, http::StatusCode};

use crate::{
    app::{
        client::list_client_names,
        held_payment::newest_held_payments,
        invoice::find_invoice,
        payment::{find_payment, list_payments, record_payment, refund_invoice, reverse_payment},
        unit_of_work::Work,
    },
    domain::{
        checkout::Checkout,
        error::{Error, Result},
        input::Input,
        invoice::Invoice,
        money::{Currency, Money},
        page::Listing,
        payment::{LedgerKind, Method, NewPayment, NewRefund, Payment, PaymentFilter},
    },
    locale::{Text, t},
    web::{
        choice::{self, Choices},
        days::Days,
        editing::Editing,
        fields::Fields,
        figure,
        form::Form,
        page::answer,
        pager::{self, Pager},
        period::Periods,
        shell::{Section, Shell},
        visit::Visit,
    },
};

#[derive(Template)]
#[template(path = "pages/payment/list.html")]
struct List {
    shell: Shell,
    form: Form,
    days: Days,
    clients: Choices,
    methods: Choices,
    periods: Periods,
    payments: Listing<Payment>,
    held: Vec<Checkout>,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "pages/payment/edit.html")]
struct Edit {
    shell: Shell,
    form: Form,
    editing: Editing,
    is_refund: bool,
    currency: Currency,
}

/// Lists payments, latest first.
pub async fn list(visit: Visit) -> Result<Response> {
    let query = visit.query();
    let filter = PaymentFilter::read(&pager::sized(&query))?;
    let (from, to) = (filter.from, filter.to);
    let (payments, clients, held) = visit
        .read(move |work| {
            let held = newest_held_payments(work)?;
            Ok((list_payments(work, &filter)?, list_client_names(work)?, held))
        })
        .await?;
    let (request, days) = (&visit.request, Days::of(&visit)?);
    let page = List {
        shell: visit.shell(Section::Invoices),
        periods: Periods::paid(request, from, to, &days)?,
        days,
        clients: choice::clients(clients),
        methods: methods(),
        pager: Pager::new(request, &payments),
        payments,
        held,
        form: Form::new(query),
    };
    Ok(answer(StatusCode::OK, &page))
}

/// Shows the form for a payment.
pub async fn new(visit: Visit) -> Result<Response> {
    let invoice = visit.find(find_invoice).await?;
    let form = visit.form(due(&invoice, visit.today()?));
    Ok(edit_page(&visit, StatusCode::OK, form, &invoice, false))
}

/// Records a payment.
pub async fn create(visit: Visit, fields: Fields) -> Result<Response> {
    let id = visit.id();
    let record = move |work: &mut Work, new: &NewPayment| record_payment(work, id, new);
    match visit.run_once(&fields, NewPayment::read(&fields), place, record).await {
        Ok(outcome) => Ok(visit.redirect_once(&outcome, place, t("payment-recorded"))),
        Err(error) => refused(&visit, fields, error, false).await,
    }
}

/// Shows the form for a refund.
pub async fn new_refund(visit: Visit) -> Result<Response> {
    let invoice = visit.find(find_invoice).await?;
    let refundable = Money::new(invoice.balance().refundable(), invoice.currency);
    let form = visit.form(dated(visit.today()?).with("amount", refundable.decimal()));
    Ok(edit_page(&visit, StatusCode::OK, form, &invoice, true))
}

/// Records a refund.
pub async fn create_refund(visit: Visit, fields: Fields) -> Result<Response> {
    let id = visit.id();
    let refund = move |work: &mut Work, new: &NewRefund| refund_invoice(work, id, new);
    match visit.run_once(&fields, NewRefund::read(&fields), place, refund).await {
        Ok(outcome) => Ok(visit.redirect_once(&outcome, place, t("payment-refunded"))),
        Err(error) => refused(&visit, fields, error, true).await,
    }
}

/// Undoes a payment or a refund.
pub async fn undo(visit: Visit, _: Fields) -> Result<Response> {
    let payment = visit.find(find_payment).await?;
    let place = format!("/invoices/{}", payment.invoice);
    match visit.act(reverse_payment).await {
        Ok(_) => Ok(visit.done(&place, t("payment-undone"))),
        Err(error) => visit.redirect_with_error(&place, error),
    }
}

fn place(payment: &Payment) -> Vec<u8> {
    format!("/invoices/{}", payment.invoice).into_bytes()
}

/// Returns the form for a payment of the amount due.
pub(in crate::web) fn due(invoice: &Invoice, today: Date) -> Fields {
    dated(today).with("amount", invoice.amount_due().decimal())
}

fn dated(today: Date) -> Fields {
    Fields::default().with("paidAt", today)
}

async fn refused(visit: &Visit, fields: Fields, error: Error, is_refund: bool) -> Result<Response> {
    let (status, form) = visit.refused(fields, error)?;
    let invoice = visit.find(find_invoice).await?;
    Ok(edit_page(visit, status, form, &invoice, is_refund))
}

fn edit_page(
    visit: &Visit,
    status: StatusCode,
    form: Form,
    invoice: &Invoice,
    is_refund: bool,
) -> Response {
    let place = format!("/invoices/{}", invoice.id);
    let (form, heading, action) = match is_refund {
        true => (form.of::<NewRefund>(), t("payment-refund"), "refunds"),
        false => (form.of::<NewPayment>(), t("payment-record"), "payments"),
    };
    let editing = Editing {
        save: heading.to_string(),
        action: format!("{place}/{action}/new"),
        ..Editing::of(heading, &place, &invoice.number)
    };
    let (shell, currency) = (visit.shell(Section::Invoices), invoice.currency);
    answer(status, &Edit { shell, form, editing, is_refund, currency })
}

/// Returns the payment methods for a select.
pub fn methods() -> Choices {
    choice::words(Method::WORDS, Method::from_word, method_label)
}

/// Returns the label of a method.
pub fn method_label(method: &Method) -> Text {
    match method {
        Method::BankTransfer => t("method-bank-transfer"),
        Method::Card => t("method-card"),
        Method::Cash => t("method-cash"),
        Method::MobileMoney => t("method-mobile-money"),
        Method::Paypal => t("method-paypal"),
        Method::Cheque => t("method-cheque"),
        Method::Other => t("method-other"),
    }
}

/// Returns the mark of an entry that is not a regular payment.
pub fn mark(payment: &Payment) -> Option<Text> {
    match (payment.kind, payment.reversed_by) {
        (LedgerKind::Reversal, _) => Some(t("payment-reversal")),
        (_, Some(_)) => Some(t("payment-reversed")),
        (LedgerKind::Refund, None) => Some(t("refund")),
        (LedgerKind::Payment, None) => None,
    }
}

/// Returns the details of an entry in one line: its method, its reference, the withheld tax, the
/// provider's fee, and its note.
pub fn details(payment: &Payment) -> String {
    let withheld = Money::new(payment.withheld, payment.amount.currency);
    let withheld = (withheld.minor != 0)
        .then(|| t("payment-withheld").with("sum", figure::money(&withheld)).to_string());
    let fee = payment.fee.map(|fee| t("payment-fee").with("sum", figure::money(&fee)).to_string());
    let parts = [
        payment.method.map(|method| method_label(&method).to_string()),
        payment.reference.clone(),
        withheld,
        fee,
        payment.note.clone(),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// Returns the question to ask before an entry is undone.
pub fn undo_title(payment: &Payment) -> Text {
    match payment.kind {
        LedgerKind::Refund => t("payment-undo-refund-question"),
        _ => t("payment-undo-question"),
    }
}

/// Returns what undoing an entry means.
pub fn undo_text(payment: &Payment, days: &Days) -> Text {
    let key = match payment.kind {
        LedgerKind::Refund => "payment-undo-refund-what",
        _ => "payment-undo-what",
    };
    let sum = Money::new(payment.amount.minor.abs(), payment.amount.currency);
    t(key).with("sum", figure::money(&sum)).with("day", days.paid(&payment.paid_at))
}

/// Returns the label of the button that undoes an entry.
pub fn undo_do(payment: &Payment) -> Text {
    match payment.kind {
        LedgerKind::Refund => t("payment-undo-refund-do"),
        _ => t("payment-undo-do"),
    }
}
