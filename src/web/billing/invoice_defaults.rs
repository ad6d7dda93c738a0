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
        country::Country,
        error::{Kind, Result},
        id::ImageId,
        image::ImagePurpose,
        input::Input,
        invoice_defaults::{InvoiceDefaultsChange, InvoiceSettings},
        number_format::NumberFormat,
        number_series::NumberSeries,
        paper::Paper,
    },
    locale::{Text, t},
    pdf::InvoiceSheet,
    web::{
        choice::Choices,
        client::addressed,
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
/// The fields for the patterns and next numbers of invoices and credit notes.
const NUMBERS: [[&str; 2]; 2] =
    [["numberPattern", "nextNumber"], ["creditNotePattern", "nextCreditNoteNumber"]];

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
    series: [Numbering; 2],
    /// An invoice with the saved settings.
    sample: Box<InvoiceSheet>,
}

/// How documents of one kind are numbered.
struct Numbering {
    heading: Text,
    /// The text before the next numbers.
    coming: Text,
    /// The names of the pattern and next-number fields.
    pattern: &'static str,
    next: &'static str,
    series: NumberSeries,
}

impl Numbering {
    /// Returns the next three numbers.
    fn coming(&self) -> String {
        self.series.coming(3).join(", ")
    }

    /// Returns today's values of the pattern tokens as JSON.
    fn tokens(&self) -> String {
        let tokens = self.series.tokens().map(|(token, text)| (token.to_owned(), text.into()));
        serde_json::Value::Object(tokens.into_iter().collect()).to_string()
    }
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

    /// Returns every country by name.
    fn countries(&self) -> Choices {
        let country = |country: &Country| (country.code().to_owned(), country.name().to_owned());
        Country::all().iter().map(country).collect()
    }

    /// Returns the value that the form showed for a numbering field.
    fn sent(&self, name: &str) -> &str {
        self.form.value(&format!("_{name}"))
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
    // Documents created in the meantime have advanced the number that the form shows.
    let is_same = |name: &str| fields.get(name) == fields.get(&format!("_{name}"));
    let read = NUMBERS.iter().fold(fields.clone(), |read, [pattern, next]| {
        if is_same(pattern) && is_same(next) { read.without(&[next]) } else { read }
    });
    let change = InvoiceDefaultsChange::read(&read);
    match visit.change(change, fields.expected(known), update_invoice_defaults).await {
        Ok(_) => Ok(visit.done(PLACE, t("settings-invoices-saved"))),
        Err(error) => {
            let is_stale = *error.kind() == Kind::Stale;
            let settings = visit.read(find_invoice_settings).await?;
            let stored = numbered(known(&settings), &settings);
            let (status, form) = visit.refused_change(fields, error, stored)?;
            let form = match is_stale {
                true => form.with_version(&known(&settings).version()),
                false => form,
            };
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
            .unwrap_or_else(|| visit.form(numbered(known(&settings).versioned(), &settings)))
            .of::<InvoiceDefaultsChange>(),
        picture: picture.unwrap_or_else(|| visit.form(Fields::default())),
        logo: settings.defaults.logo,
        accent: settings.defaults.accent,
        series: numberings(settings.invoices, settings.credit_notes),
        sample: Box::new(visit.read(sample_sheet).await?),
    };
    Ok(answer(status, &page))
}

fn known(settings: &InvoiceSettings) -> Fields {
    let defaults = &settings.defaults;
    let business = &defaults.business;
    let fields = Fields::default()
        .with_some("businessName", business.name.as_ref())
        .with_some("taxId", business.tax_id.as_ref())
        .with_some("registrationNumber", business.registration_number.as_ref())
        .with_some("countryCode", business.country_code)
        .with_some("businessEmail", business.email.as_ref())
        .with_some("businessPhone", business.phone.as_ref())
        .with_some("website", business.website.as_ref())
        .with("numberPattern", &defaults.number_pattern)
        .with("creditNotePattern", &defaults.credit_note_pattern)
        .with_some("paymentTermsDays", defaults.payment_terms_days)
        .with("taxRate", defaults.tax_rate)
        .with("numberFormat", defaults.number_format.as_str())
        .with("accent", defaults.accent)
        .with("template", defaults.template.as_str())
        .with("paper", defaults.paper.as_str())
        .with_some("notes", defaults.notes.as_ref());
    addressed(fields, business.address.as_ref())
}

/// Returns the form with the next numbers and the numbering values that it showed. Neither is part
/// of its version, since every new document takes a number.
fn numbered(fields: Fields, settings: &InvoiceSettings) -> Fields {
    let series = [&settings.invoices, &settings.credit_notes];
    NUMBERS.iter().zip(series).fold(fields, |fields, ([pattern, next], series)| {
        fields
            .with(*next, series.next)
            .with(format!("_{pattern}"), &series.pattern)
            .with(format!("_{next}"), series.next)
    })
}

fn numberings(invoices: NumberSeries, credit_notes: NumberSeries) -> [Numbering; 2] {
    let [[pattern, next], [credit_pattern, credit_next]] = NUMBERS;
    [
        Numbering {
            heading: t("settings-invoices-invoice-numbers"),
            coming: t("settings-invoices-coming"),
            pattern,
            next,
            series: invoices,
        },
        Numbering {
            heading: t("settings-invoices-credit-note-numbers"),
            coming: t("settings-invoices-coming-credit-notes"),
            pattern: credit_pattern,
            next: credit_next,
            series: credit_notes,
        },
    ]
}
