//! `/settings/invoices`: invoice defaults, and the freelancer's details on invoices.

use askama::Template;
use poem::{Response, http::StatusCode};

use crate::{
    app::{
        invoice_defaults::{find_invoice_settings, set_logo as put_logo, update_invoice_defaults},
        invoice_file::sample_sheet,
    },
    domain::{
        accent::Accent,
        error::Result,
        id::ImageId,
        image::ImagePurpose,
        input::Input,
        invoice_defaults::{InvoiceDefaultsChange, InvoiceSettings},
        invoice_series::InvoiceSeries,
        number_format::NumberFormat,
        paper::Paper,
    },
    locale::{Text, t},
    pdf::InvoiceSheet,
    web::{
        choice::Choices,
        fields::Fields,
        form::Form,
        invoice_sheet::Sheet,
        page::{self, answer},
        settings::Tab,
        shell::{Section, Shell},
        swatches,
        visit::Visit,
    },
};

const PLACE: &str = "/settings/invoices";

#[derive(Template)]
#[template(path = "pages/settings/invoices.html")]
struct Invoices {
    shell: Shell,
    tab: Tab,
    form: Form,
    /// The form of the logo.
    picture: Form,
    logo: Option<ImageId>,
    /// The saved colour.
    accent: Accent,
    series: InvoiceSeries,
    /// An invoice with the saved settings.
    sample: Box<InvoiceSheet>,
}

impl Invoices {
    fn number_formats(&self) -> Choices {
        let format = |word: &&str| ((*word).to_owned(), (*word).to_owned());
        NumberFormat::WORDS.iter().map(format).collect()
    }

    /// Describes how readable text on the saved colour is.
    fn contrast(&self) -> Text {
        let key = if self.accent.takes_black() {
            "settings-invoices-black-on-it"
        } else {
            "settings-invoices-white-on-it"
        };
        t(key).with("ratio", format!("{:.1}", self.accent.contrast()))
    }

    fn sheet(&self) -> Sheet<'_> {
        let InvoiceSheet { invoice, seller, buyer, .. } = &*self.sample;
        Sheet { invoice, seller, buyer, dates: seller.date_format }
    }

    fn papers(&self) -> Choices {
        let label = |paper: Paper| match paper {
            Paper::ByCountry => t("settings-invoices-by-country"),
            Paper::A4 => t("settings-invoices-a4"),
            Paper::Letter => t("settings-invoices-letter"),
        };
        let papers = [Paper::ByCountry, Paper::A4, Paper::Letter];
        papers.map(|paper| (paper.as_str().to_owned(), label(paper).into())).into()
    }

    fn logo_label(&self) -> Text {
        if self.logo.is_some() {
            t("settings-invoices-replace-logo")
        } else {
            t("settings-invoices-choose-logo")
        }
    }
}

/// Shows the invoice defaults.
pub async fn show(visit: Visit) -> Result<Response> {
    page(&visit, StatusCode::OK, None, None).await
}

/// Changes the invoice defaults.
pub async fn update(visit: Visit, fields: Fields) -> Result<Response> {
    let fields = swatches::chosen(fields, visit.frame.defaults.accent);
    let change = InvoiceDefaultsChange::read(&fields);
    match visit.change(change, fields.expected(known), update_invoice_defaults).await {
        Ok(_) => Ok(visit.done(PLACE, t("settings-invoices-saved"))),
        Err(error) => {
            let stored = known(&visit.read(find_invoice_settings).await?);
            let (status, form) = visit.refused_change(fields, error, stored)?;
            page(&visit, status, Some(form), None).await
        }
    }
}

/// Shows an invoice with the saved settings.
pub async fn sample(visit: Visit) -> Result<Response> {
    let file = visit.app.sample_invoice_pdf(visit.claims).await?;
    Ok(page::pdf(&file.name, file.bytes))
}

/// Sets the logo on invoices.
pub async fn set_logo(visit: Visit, mut fields: Fields) -> Result<Response> {
    let (app, claims) = (&visit.app, visit.claims);
    let bytes = fields.take_upload().unwrap_or_default();
    let set = match app.upload_image(claims, ImagePurpose::Logo, bytes).await {
        Ok(id) => app.run(claims, move |work| put_logo(work, Some(id))).await,
        Err(error) => Err(error),
    };
    match set {
        Ok(()) => Ok(visit.done(PLACE, t("settings-invoices-logo-saved"))),
        Err(error) => {
            let (status, picture) = visit.refused(fields, error)?;
            page(&visit, status, None, Some(picture)).await
        }
    }
}

/// Removes the logo; sent invoices keep it.
pub async fn remove_logo(visit: Visit, _: Fields) -> Result<Response> {
    visit.app.run(visit.claims, |work| put_logo(work, None)).await?;
    Ok(visit.done(PLACE, t("settings-invoices-logo-removed")))
}

async fn page(
    visit: &Visit,
    status: StatusCode,
    form: Option<Form>,
    picture: Option<Form>,
) -> Result<Response> {
    let settings = visit.read(find_invoice_settings).await?;
    let page = Invoices {
        shell: visit.shell(Section::Settings),
        tab: Tab::Invoices,
        form: form
            .unwrap_or_else(|| visit.form(known(&settings).versioned()))
            .of::<InvoiceDefaultsChange>(),
        picture: picture.unwrap_or_else(|| visit.form(Fields::default())),
        logo: settings.defaults.logo,
        accent: settings.defaults.accent,
        series: settings.series,
        sample: Box::new(visit.read(sample_sheet).await?),
    };
    Ok(answer(status, &page))
}

fn known(settings: &InvoiceSettings) -> Fields {
    let defaults = &settings.defaults;
    let fields = Fields::default()
        .with_some("businessName", defaults.business_name.as_ref())
        .with_some("address", defaults.address.as_ref())
        .with_some("taxId", defaults.tax_id.as_ref())
        .with("dueDays", defaults.due_days)
        .with("taxRate", defaults.tax_rate)
        .with("numberFormat", defaults.number_format.as_str())
        .with("accent", defaults.accent)
        .with("template", defaults.template.as_str())
        .with("paper", defaults.paper.as_str())
        .with_some("notes", defaults.notes.as_ref())
        .with_some("paymentInstructions", defaults.payment_instructions.as_ref());
    // Once numbers have been used, they are not part of the form.
    if settings.series.is_begun() {
        return fields;
    }
    fields.with("prefix", &defaults.prefix).with("nextNumber", settings.series.next)
}
