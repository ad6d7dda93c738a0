//! `/settings/getting-paid`: how clients can pay, and how invoices show it.

use askama::Template;
use poem::{Response, http::StatusCode};

use crate::{
    app::{
        invoice_defaults::{find_invoice_settings, update_invoice_defaults},
        payment_method::{
            PaymentPreview, add_payment_method, delete_payment_method, find_payment_method,
            move_payment_method_up, preview_payment_methods, replace_payment_method,
        },
        unit_of_work::Work,
    },
    domain::{
        error::{Error, Kind, Result},
        input::Input,
        invoice_defaults::{InvoiceDefaultsChange, InvoiceSettings},
        payment_method::{PaymentMethod, PaymentMethodType},
    },
    http::qr,
    locale::{Text, t},
    web::{
        choice,
        editing::Editing,
        fields::Fields,
        form::{Control, Form},
        page::answer,
        settings::Tab,
        shell::{Section, Shell},
        visit::Visit,
    },
};

const PLACE: &str = "/settings/getting-paid";

#[derive(Template)]
#[template(path = "pages/settings/getting_paid.html")]
struct List {
    shell: Shell,
    tab: Tab,
    /// The form for the payment instructions.
    form: Form,
    methods: Vec<PaymentMethod>,
    previews: Vec<Preview>,
}

/// What clients see on invoices in one currency.
struct Preview {
    seen: PaymentPreview,
    /// Its QR code as an image.
    code: Option<String>,
}

impl Preview {
    fn of(seen: PaymentPreview) -> Result<Self> {
        let code = seen.how.code.as_ref().map(|code| qr::data_url(code.text())).transpose()?;
        Ok(Self { seen, code })
    }

    fn is_empty(&self) -> bool {
        let PaymentPreview { how, providers, .. } = &self.seen;
        how.link.is_none() && how.blocks.is_empty() && providers.is_empty()
    }
}

impl List {
    fn types(&self) -> impl Iterator<Item = (&'static str, Text)> {
        let read = |word: &&'static str| Some((*word, label(&PaymentMethodType::from_word(word)?)));
        PaymentMethodType::WORDS.iter().filter_map(read)
    }
}

#[derive(Template)]
#[template(path = "pages/settings/payment_method.html")]
struct Edit {
    shell: Shell,
    form: Form,
    editing: Editing,
    kind: PaymentMethodType,
    /// The key of a stored payment method.
    key: Option<String>,
}

impl Edit {
    /// Returns the fields of the type.
    fn controls(&self) -> Vec<Control> {
        let fields: &[(&str, Text)] = match self.kind {
            PaymentMethodType::BankAccount => &[
                ("accountName", t("payment-account-name")),
                ("bankName", t("payment-bank")),
                ("iban", t("payment-iban")),
                ("bic", t("payment-bic")),
                ("accountNumber", t("payment-account-number")),
                ("routingNumber", t("payment-routing-number")),
                ("sortCode", t("payment-sort-code")),
            ],
            PaymentMethodType::Upi => {
                &[("vpa", t("payment-upi")), ("name", t("payment-account-name"))]
            }
            PaymentMethodType::MobileMoney => &[
                ("provider", t("payment-provider")),
                ("number", t("number")),
                ("name", t("payment-account-name")),
            ],
            PaymentMethodType::Link => &[("url", t("portfolio-edit-link-url"))],
            PaymentMethodType::Text => &[("text", t("payment-text"))],
            PaymentMethodType::Raenest => &[],
        };
        fields.iter().map(|(name, label)| self.control(name, label.clone())).collect()
    }

    fn control(&self, name: &'static str, label: Text) -> Control {
        let control = match name {
            "text" => self.form.lines(name, label),
            "url" => self.form.text(name, label).kind("url").hint(t("payment-link-hint")),
            "iban" => self.form.text(name, label).hint(t("payment-iban-hint")),
            _ => self.form.text(name, label),
        };
        let control = control.autocomplete("off");
        if self.kind.required().contains(&name) { control.required() } else { control }
    }

    fn currency(&self) -> Control {
        let choice = choice::currency(&self.form, &choice::common_currencies());
        choice.or(t("payment-any-currency")).hint(t("payment-currency-hint"))
    }
}

/// Returns the name of a type.
fn label(kind: &PaymentMethodType) -> Text {
    match kind {
        PaymentMethodType::BankAccount => t("payment-type-bank-account"),
        PaymentMethodType::Upi => t("payment-type-upi"),
        PaymentMethodType::MobileMoney => t("method-mobile-money"),
        PaymentMethodType::Link => t("invoice-show-payment-link"),
        PaymentMethodType::Text => t("payment-text"),
        PaymentMethodType::Raenest => t("payment-type-raenest"),
    }
}

/// Lists the payment methods, and shows what clients see.
pub async fn show(visit: Visit) -> Result<Response> {
    page(&visit, StatusCode::OK, None).await
}

/// Changes the instructions.
pub async fn update(visit: Visit, fields: Fields) -> Result<Response> {
    let change = InvoiceDefaultsChange::read(&fields);
    match visit.change(change, fields.expected(known), update_invoice_defaults).await {
        Ok(_) => Ok(visit.done(PLACE, t("payment-methods-saved"))),
        Err(error) => {
            let stored = known(&visit.read(find_invoice_settings).await?);
            let (status, form) = visit.refused_change(fields, error, stored)?;
            page(&visit, status, Some(form)).await
        }
    }
}

fn known(settings: &InvoiceSettings) -> Fields {
    let instructions = settings.defaults.payment_instructions.as_ref();
    Fields::default().with_some("paymentInstructions", instructions)
}

async fn page(visit: &Visit, status: StatusCode, form: Option<Form>) -> Result<Response> {
    let read = |work: &mut Work| {
        let settings = find_invoice_settings(work)?;
        Ok((settings, preview_payment_methods(work)?))
    };
    let (settings, previews) = visit.read(read).await?;
    let page = List {
        shell: visit.shell(Section::Settings),
        tab: Tab::GettingPaid,
        form: form
            .unwrap_or_else(|| visit.form(known(&settings).versioned()))
            .of::<InvoiceDefaultsChange>(),
        methods: settings.defaults.payment_methods,
        previews: previews.into_iter().map(Preview::of).collect::<Result<_>>()?,
    };
    Ok(answer(status, &page))
}

/// Shows the form for a new payment method.
pub async fn new(visit: Visit) -> Result<Response> {
    let query = visit.query();
    let kind = PaymentMethodType::from_word(query.get("type"));
    let kind = kind.unwrap_or(PaymentMethodType::BankAccount);
    let fields = Fields::default().with("label", label(&kind)).with("type", kind.as_str());
    let form = visit.form(fields);
    Ok(edit_page(&visit, StatusCode::OK, form, None))
}

/// Adds a payment method.
pub async fn create(visit: Visit, fields: Fields) -> Result<Response> {
    let place = |(): &()| PLACE.as_bytes().to_vec();
    match visit.run_once(&fields, PaymentMethod::read(&fields), place, add_payment_method).await {
        Ok(outcome) => Ok(visit.redirect_once(&outcome, place, t("payment-method-added"))),
        Err(error) => {
            let (status, form) = visit.refused(fields, error)?;
            Ok(edit_page(&visit, status, form, None))
        }
    }
}

/// Shows the edit form of a payment method.
pub async fn edit(visit: Visit) -> Result<Response> {
    let key = visit.param("key").to_owned();
    let method = visit.read(move |work| find_payment_method(work, &key)).await?;
    let form = visit.form(filled(&method));
    Ok(edit_page(&visit, StatusCode::OK, form, Some(method.key())))
}

/// Changes a payment method. If it was changed or deleted in the meantime, the entries can be saved
/// as a new one.
pub async fn replace(visit: Visit, fields: Fields) -> Result<Response> {
    let key = visit.param("key").to_owned();
    let replaced = async {
        let (key, method) = (key.clone(), PaymentMethod::read(&fields)?);
        let replace = move |work: &mut Work| replace_payment_method(work, &key, &method);
        visit.app.run(visit.claims, replace).await
    };
    match replaced.await {
        Ok(()) => Ok(visit.done(PLACE, t("payment-methods-saved"))),
        Err(error) if *error.kind() == Kind::NotFound => {
            let (status, form) =
                visit.refused(fields, Error::conflict("error-payment-method-gone"))?;
            Ok(edit_page(&visit, status, form, None))
        }
        Err(error) => {
            let (status, form) = visit.refused(fields, error)?;
            Ok(edit_page(&visit, status, form, Some(key)))
        }
    }
}

/// Moves a payment method up.
pub async fn move_up(visit: Visit, _: Fields) -> Result<Response> {
    let key = visit.param("key").to_owned();
    visit.app.run(visit.claims, move |work| move_payment_method_up(work, &key)).await?;
    Ok(visit.done(PLACE, t("payment-methods-saved")))
}

/// Deletes a payment method.
pub async fn delete(visit: Visit, _: Fields) -> Result<Response> {
    let key = visit.param("key").to_owned();
    visit.app.run(visit.claims, move |work| delete_payment_method(work, &key)).await?;
    Ok(visit.done(PLACE, t("payment-method-deleted")))
}

fn filled(method: &PaymentMethod) -> Fields {
    // This cannot fail, and all values are strings.
    let stored = serde_json::to_value(method).unwrap_or_default();
    let stored = stored.as_object().into_iter().flatten();
    stored.fold(Fields::default(), |fields, (name, value)| fields.with_some(name, value.as_str()))
}

fn edit_page(visit: &Visit, status: StatusCode, form: Form, key: Option<String>) -> Response {
    let kind = PaymentMethodType::from_word(form.value("type"));
    let kind = kind.unwrap_or(PaymentMethodType::BankAccount);
    let editing = match &key {
        Some(key) => Editing::of(t("payment-method-edit"), &format!("{PLACE}/{key}"), "")
            .within(PLACE, &t("settings-getting-paid").to_string()),
        None => {
            let action = format!("{PLACE}/new");
            let new = Editing::new(PLACE, t("settings-getting-paid"), label(&kind), t("save"));
            Editing { action, ..new }
        }
    };
    let shell = visit.shell(Section::Settings);
    answer(status, &Edit { shell, form: form.of::<PaymentMethod>(), editing, kind, key })
}
