//! `/settings/money`: the base currency, and the exchange rates into it.

use askama::Template;
use poem::{Response, http::StatusCode};

use crate::{
    app::{
        account::{find_account, update_account},
        exchange_rate::{delete_exchange_rate, list_exchange_rates, set_exchange_rate},
        unit_of_work::Work,
    },
    domain::{
        account::{Account, AccountChange},
        error::{Error, Result},
        exchange_rate::{ExchangeRate, NewRate},
        expected::Expected,
        input::Input,
        money::Currency,
    },
    locale::{Text, t},
    web::{
        choice::{self, Choices},
        fields::{Fields, VERSION},
        form::Form,
        page::answer,
        settings::Tab,
        shell::{Section, Shell},
        visit::Visit,
    },
};

const PLACE: &str = "/settings/money";

#[derive(Template)]
#[template(path = "pages/settings/money.html")]
struct Money {
    shell: Shell,
    tab: Tab,
    form: Form,
    /// The form of a new rate.
    rate: Form,
    rates: Vec<RateRow>,
    base: Currency,
    currencies: Choices,
    /// The currencies offered for a rate.
    others: Choices,
}

impl Money {
    fn in_base(&self) -> Text {
        t("settings-money-worth-in").with("currency", self.base)
    }
}

struct RateRow {
    rate: ExchangeRate,
    day: String,
}

/// Shows the money settings.
pub async fn show(visit: Visit) -> Result<Response> {
    let form = visit.form(based(&visit.frame.account).versioned());
    page(&visit, StatusCode::OK, form, None).await
}

/// Returns the form of the base currency with its current value.
fn based(account: &Account) -> Fields {
    Fields::default().with("currency", account.currency)
}

/// Changes the base currency.
pub async fn update(visit: Visit, fields: Fields) -> Result<Response> {
    let changed = async {
        let (change, expected) = (AccountChange::read(&fields)?, fields.expected(based));
        let update = move |work: &mut Work| update_account(work, &change, expected.as_ref());
        visit.app.run(visit.claims, update).await
    };
    match changed.await {
        Ok(account) => {
            Ok(visit.done(PLACE, t("settings-money-saved").with("currency", account.currency)))
        }
        Err(error) => {
            let stored = based(&visit.read(find_account).await?);
            let (status, form) = visit.refused_change(fields, error, stored)?;
            page(&visit, status, form, None).await
        }
    }
}

/// Stores a rate, unless the rate of the same pair was changed since the page was shown.
pub async fn set(visit: Visit, fields: Fields) -> Result<Response> {
    let set = match NewRate::read(&fields) {
        Ok(new) => {
            let expected = seen(&fields, (new.from, visit.frame.account.currency));
            let set = move |work: &mut Work| set_exchange_rate(work, &new, expected.as_ref());
            visit.app.run(visit.claims, set).await
        }
        Err(error) => Err(error),
    };
    match set {
        Ok((ExchangeRate { from, .. }, true)) => {
            Ok(visit.done(PLACE, t("settings-money-rate-saved").with("currency", from)))
        }
        Ok((ExchangeRate { from, day, .. }, false)) => {
            let day = visit.dates().show(day);
            let text =
                t("settings-money-rate-of-day-saved").with("currency", from).with("day", day);
            Ok(visit.done(PLACE, text))
        }
        Err(error) => {
            let rates = visit.read(list_exchange_rates).await?;
            let from = Currency::from_code(fields.get("from"));
            let pair = from.map(|from| (from, visit.frame.account.currency));
            let stored = pair.map(|pair| rated(&rates, pair)).unwrap_or_default();
            let (status, rate) = visit.refused_change(fields, error, stored)?;
            let form = visit.form(based(&visit.frame.account).versioned());
            page(&visit, status, form, Some(rate.with_version(&versions(&rates)))).await
        }
    }
}

/// Returns the form of a pair with its current rate; empty if none is known.
fn rated(rates: &[ExchangeRate], (from, into): (Currency, Currency)) -> Fields {
    let found = rates.iter().find(|rate| (rate.from, rate.into) == (from, into));
    found.map_or_else(Fields::default, |rate| {
        Fields::default().with("from", from).with("rate", rate.rate).with("day", rate.day)
    })
}

/// Returns a version of all rates on the page. It is never empty, since that would mean that the
/// form has no version. The form may be for any pair, and only a change of that pair matters.
fn versions(rates: &[ExchangeRate]) -> String {
    let version = |rate: &ExchangeRate| {
        let pair = (rate.from, rate.into);
        format!("{}-{} {},", rate.from, rate.into, rated(rates, pair).version())
    };
    [",".to_owned()].into_iter().chain(rates.iter().map(version)).collect()
}

/// Returns the rate of a pair that the page showed when the form was filled in.
fn seen(fields: &Fields, pair: (Currency, Currency)) -> Option<Expected<Vec<ExchangeRate>>> {
    let of_pair = move |versions: &str| {
        let start = format!("{}-{} ", pair.0, pair.1);
        versions.split(',').find(|version| version.starts_with(&start)).map(str::to_owned)
    };
    let seen = of_pair(fields.get(VERSION)).unwrap_or_default();
    let stored = move |rates: &Vec<ExchangeRate>| of_pair(&versions(rates)).unwrap_or_default();
    fields.has(VERSION).then(|| Expected::new(seen, stored))
}

/// Deletes a rate.
pub async fn delete(visit: Visit, fields: Fields) -> Result<Response> {
    let given = |name| Currency::from_code(fields.get(name));
    let (Some(from), Some(into)) = (given("from"), given("to")) else {
        return Err(Error::not_found("error-exchange-rate-not-found"));
    };
    let delete =
        visit.app.run(visit.claims, move |work| delete_exchange_rate(work, from, Some(into)));
    delete.await?;
    Ok(visit.done(PLACE, t("settings-money-rate-deleted").with("currency", from)))
}

async fn page(
    visit: &Visit,
    status: StatusCode,
    form: Form,
    rate: Option<Form>,
) -> Result<Response> {
    let base = visit.frame.account.currency;
    let today = visit.today()?;
    let rates = visit.read(list_exchange_rates).await?;
    let dates = visit.dates();
    let fresh = Fields::default().with("day", today).with(VERSION, versions(&rates));
    let currencies = choice::common_currencies();
    let page = Money {
        shell: visit.shell(Section::Settings),
        tab: Tab::Money,
        form: form.of::<AccountChange>(),
        rate: rate.unwrap_or_else(|| visit.form(fresh)).of::<NewRate>(),
        rates: rates.into_iter().map(|rate| RateRow { day: dates.show(rate.day), rate }).collect(),
        base,
        others: currencies.iter().filter(|(code, _)| code != base.code()).cloned().collect(),
        currencies,
    };
    Ok(answer(status, &page))
}
