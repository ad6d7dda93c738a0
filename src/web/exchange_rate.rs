//! `/settings/money`: the base currency, and the rates by which others count in it.

use askama::Template;
use poem::{Response, http::StatusCode};

use super::{
    choice::Choices,
    fields::{As, Fields},
    form::Form,
    locale,
    page::answer,
    settings::Tab,
    shell::{Section, Shell},
    visit::Visit,
};
use crate::domain::{
    account::AccountChange,
    error::{Error, Result},
    exchange_rate::{ExchangeRate, NewRate},
    money::Currency,
};

const PLACE: &str = "/settings/money";

#[derive(Template)]
#[template(path = "pages/settings/money.html")]
struct Money {
    shell: Shell,
    tab: Tab,
    form: Form,
    /// A new rate.
    rate: Form,
    rates: Vec<RateRow>,
    base: Currency,
    currencies: Choices,
    /// The currencies that a rate can be given of.
    others: Choices,
}

impl Money {
    fn in_base(&self) -> String {
        format!("is so much in {}", self.base)
    }
}

struct RateRow {
    rate: ExchangeRate,
    day: String,
}

const FIELDS: &[(&str, As)] = &[("from", As::Text), ("rate", As::Number), ("day", As::Text)];

/// How money is counted.
pub async fn show(visit: Visit) -> Result<Response> {
    let form = visit.form(Fields::default().with("currency", visit.frame.account.currency));
    page(&visit, StatusCode::OK, form, None).await
}

/// Changes the base currency.
pub async fn update(visit: Visit, fields: Fields) -> Result<Response> {
    let changed = match AccountChange::read_web(&fields.change(&[("currency", As::Text)])) {
        Ok(change) => visit.app.update_account(visit.claims, change).await,
        Err(error) => Err(error),
    };
    match changed {
        Ok(account) => {
            Ok(visit.done(PLACE, format!("Totals are shown in {} now.", account.currency)))
        }
        Err(error) => {
            let (status, form) = visit.refused(fields, error)?;
            page(&visit, status, form, None).await
        }
    }
}

/// Takes in a rate.
pub async fn set(visit: Visit, fields: Fields) -> Result<Response> {
    let set = match NewRate::read(&fields.object(FIELDS)) {
        Ok(new) => visit.app.set_exchange_rate(visit.claims, new).await,
        Err(error) => Err(error),
    };
    match set {
        Ok(ExchangeRate { from, .. }) => {
            Ok(visit.done(PLACE, format!("The rate of {from} was saved.")))
        }
        Err(error) => {
            let (status, rate) = visit.refused(fields, error)?;
            let base = visit.frame.account.currency;
            let form = visit.form(Fields::default().with("currency", base));
            page(&visit, status, form, Some(rate)).await
        }
    }
}

/// Forgets a rate.
pub async fn delete(visit: Visit, fields: Fields) -> Result<Response> {
    let given = |name| Currency::from_code(fields.get(name));
    let (Some(from), Some(into)) = (given("from"), given("to")) else {
        return Err(Error::not_found("Exchange rate"));
    };
    visit.app.delete_exchange_rate(visit.claims, from, Some(into)).await?;
    Ok(visit.done(PLACE, format!("The rate of {from} was deleted.")))
}

async fn page(
    visit: &Visit,
    status: StatusCode,
    form: Form,
    rate: Option<Form>,
) -> Result<Response> {
    let base = visit.frame.account.currency;
    let today = visit.today()?;
    let rates = visit.app.list_exchange_rates(visit.claims).await?;
    let dates = visit.dates();
    let currencies = locale::currencies();
    let page = Money {
        shell: visit.shell(Section::Settings),
        tab: Tab::Money,
        form,
        rate: rate.unwrap_or_else(|| visit.form(Fields::default().with("day", today))),
        rates: rates.into_iter().map(|rate| RateRow { day: dates.show(rate.day), rate }).collect(),
        base,
        others: currencies.iter().filter(|(code, _)| code != base.code()).cloned().collect(),
        currencies,
    };
    Ok(answer(status, &page))
}
