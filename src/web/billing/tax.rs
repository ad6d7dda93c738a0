//! `/settings/taxes`: the taxes that invoice lines can have.

use askama::Template;
use poem::{Response, http::StatusCode};

use crate::{
    app::{
        tax::{all_taxes, create_tax, delete_tax, find_tax, mark_default, update_tax},
        unit_of_work::Work,
    },
    domain::{
        error::Result,
        id::TaxId,
        input::Input,
        tax::{SavedTax, Tax, TaxCategory, TaxChange},
    },
    locale::{Text, t},
    web::{
        choice::{self, Choices},
        editing::Editing,
        fields::Fields,
        form::{Control, Form},
        page::answer,
        settings::Tab,
        shell::{Section, Shell},
        visit::Visit,
    },
};

const PLACE: &str = "/settings/taxes";

#[derive(Template)]
#[template(path = "pages/settings/taxes.html")]
struct List {
    shell: Shell,
    tab: Tab,
    /// The form for a new tax.
    form: Form,
    taxes: Vec<SavedTax>,
}

impl List {
    fn rate_of(&self, saved: &SavedTax) -> String {
        self.form.plain(&saved.tax.rate.normalize().to_string())
    }
}

#[derive(Template)]
#[template(path = "pages/settings/tax.html")]
struct Edit {
    shell: Shell,
    form: Form,
    editing: Editing,
    id: TaxId,
}

/// Returns the name of a category.
pub fn category_label(category: &TaxCategory) -> Text {
    match category {
        TaxCategory::Standard => t("tax-standard"),
        TaxCategory::Zero => t("tax-zero"),
        TaxCategory::Exempt => t("tax-exempt"),
        TaxCategory::ReverseCharge => t("tax-reverse-charge"),
        TaxCategory::Export => t("tax-export"),
        TaxCategory::IntraCommunity => t("tax-intra-community"),
        TaxCategory::Outside => t("tax-outside"),
    }
}

fn categories() -> Choices {
    choice::words(TaxCategory::WORDS, TaxCategory::from_word, category_label)
}

fn category(form: &Form) -> Control {
    form.choice("category", t("tax-category"), categories())
}

/// Lists the taxes.
pub async fn list(visit: Visit) -> Result<Response> {
    let form = visit.form(Fields::default().with("category", TaxCategory::Standard.as_str()));
    page(&visit, StatusCode::OK, form).await
}

/// Adds a tax.
pub async fn create(visit: Visit, fields: Fields) -> Result<Response> {
    let is_default = fields.get("isDefault") == "on";
    let tax = Tax::read(&rated(fields.clone())).map(|tax| (tax, is_default));
    let place = |_: &SavedTax| PLACE.as_bytes().to_vec();
    let create = |work: &mut Work, (tax, is_default): &(Tax, bool)| {
        let saved = create_tax(work, tax)?;
        mark_default(work, saved.id, *is_default)
    };
    match visit.run_once(&fields, tax, place, create).await {
        Ok(outcome) => Ok(visit.redirect_once(&outcome, place, t("tax-added"))),
        Err(error) => {
            let (status, form) = visit.refused(fields, error)?;
            page(&visit, status, form).await
        }
    }
}

/// Returns the fields, with rate 0 if none is entered, since most categories have no tax.
fn rated(fields: Fields) -> Fields {
    match fields.get("category") {
        "S" => fields,
        _ => fields.or_with("rate", "0"),
    }
}

async fn page(visit: &Visit, status: StatusCode, form: Form) -> Result<Response> {
    let taxes = visit.read(all_taxes).await?;
    let shell = visit.shell(Section::Settings);
    Ok(answer(status, &List { shell, tab: Tab::Taxes, form: form.of::<Tax>(), taxes }))
}

/// Shows the edit form of a tax.
pub async fn edit(visit: Visit) -> Result<Response> {
    let saved = visit.find(find_tax).await?;
    let form = visit.form(filled(&saved).versioned());
    Ok(edit_page(&visit, StatusCode::OK, form, &saved))
}

/// Returns the form of a tax with its current values.
fn filled(saved: &SavedTax) -> Fields {
    Fields::default()
        .with("name", &saved.tax.name)
        .with("rate", saved.tax.rate.normalize())
        .with("category", saved.tax.category.as_str())
        .with_some("note", saved.tax.note.as_ref())
        .with_some("isDefault", saved.is_default.then_some("on"))
}

/// Changes a tax.
pub async fn update(visit: Visit, fields: Fields) -> Result<Response> {
    let is_default = fields.get("isDefault") == "on";
    let change = TaxChange::read(&rated(fields.clone())).map(|change| (change, is_default));
    let update =
        |work: &mut Work, id, (change, is_default): &(TaxChange, bool), expected: Option<&_>| {
            update_tax(work, id, change, expected)?;
            mark_default(work, id, *is_default)
        };
    match visit.update(change, fields.expected(filled), update).await {
        Ok(_) => Ok(visit.done(PLACE, t("tax-saved"))),
        Err(error) => {
            let saved = visit.find(find_tax).await?;
            let (status, form) = visit.refused_change(fields, error, filled(&saved))?;
            Ok(edit_page(&visit, status, form, &saved))
        }
    }
}

/// Deletes a tax.
pub async fn delete(visit: Visit, _: Fields) -> Result<Response> {
    visit.act(delete_tax).await?;
    Ok(visit.done(PLACE, t("tax-deleted")))
}

fn edit_page(visit: &Visit, status: StatusCode, form: Form, saved: &SavedTax) -> Response {
    let place = format!("{PLACE}/{}", saved.id);
    let editing = Editing::of(t("tax-edit"), &place, &saved.tax.name);
    let page = Edit {
        shell: visit.shell(Section::Settings),
        form: form.of::<TaxChange>(),
        editing: editing.within(PLACE, &t("taxes").to_string()),
        id: saved.id,
    };
    answer(status, &page)
}
