//! The options of select fields.

use jiff::civil::Date;

use crate::{
    domain::{
        client::{Client, ClientName},
        date::{DateFormat, Zone},
        money::Currency,
    },
    locale::{Text, t},
    web::form::{Control, Form},
};

/// The currencies most freelancers are paid in.
const COMMON: [&str; 18] = [
    "USD", "EUR", "GBP", "NGN", "KES", "GHS", "ZAR", "EGP", "MAD", "XOF", "XAF", "UGX", "INR",
    "LKR", "PKR", "BDT", "PHP", "IDR",
];

/// The values and labels of a select, in order.
pub type Choices = Vec<(String, String)>;

/// Returns clients by name.
pub fn clients(clients: Vec<ClientName>) -> Choices {
    let clients = clients.into_iter().map(|client| {
        let company = client.company.filter(|company| *company != client.name);
        let of = company.map_or_else(String::new, |company| format!(" · {company}"));
        (client.id.to_string(), format!("{}{of}", client.name))
    });
    by_name(clients.collect())
}

/// Returns the client field; a deleted client stays if it was selected.
pub fn client(form: &Form, clients: &Choices, chosen: Option<&Client>) -> Control {
    let choice = form.choice("clientId", t("client"), clients.clone());
    let choice = choice.or(t("choose-client"));
    match chosen {
        Some(client) => choice.beside(client.id, &client.details.name),
        None => choice,
    }
}

/// Returns the currency field; a currency no longer offered stays if it was selected.
pub fn currency(form: &Form, currencies: &Choices) -> Control {
    let choice = form.choice("currency", t("currency"), currencies.clone());
    match form.value("currency") {
        "" => choice,
        chosen => choice.beside(chosen, chosen),
    }
}

/// Returns every currency, the account's first.
pub fn currencies(first: Currency) -> Choices {
    currencies_after(&[first])
}

/// Returns every currency, the most common first.
pub fn common_currencies() -> Choices {
    let common: Vec<_> = COMMON.iter().filter_map(|code| Currency::from_code(code)).collect();
    currencies_after(&common)
}

fn currencies_after(first: &[Currency]) -> Choices {
    let others = Currency::all().iter().filter(|currency| !first.contains(currency));
    // The rest is named by the script, since their names are much of a page.
    let is_named =
        |currency: &Currency| first.contains(currency) || COMMON.contains(&currency.code());
    let shown = |currency: &Currency| match is_named(currency) {
        true => format!("{currency} – {}", currency.name()),
        false => currency.code().to_owned(),
    };
    first.iter().chain(others).map(|c| (c.code().to_owned(), shown(c))).collect()
}

/// Returns every timezone, and the selected one if it is an alias.
pub fn zones(chosen: &str) -> Choices {
    let mut names = Zone::names();
    if let Some(chosen) =
        Zone::from_name(chosen).filter(|zone| !names.contains(&zone.name().into()))
    {
        names.push(chosen.name().to_owned());
    }
    names.into_iter().map(|name| (name.clone(), name.replace('_', " "))).collect()
}

/// Returns every date format, with this day as an example.
pub fn date_formats(day: Date) -> Choices {
    let formats = DateFormat::WORDS.iter().filter_map(|word| DateFormat::from_word(word));
    formats.map(|format| (format.as_str().to_owned(), format.show(day))).collect()
}

/// Returns the words of a field with their labels.
pub fn words<T>(
    words: &[&str],
    read: impl Fn(&str) -> Option<T>,
    label: impl Fn(&T) -> Text,
) -> Choices {
    let shown = |word: &&str| Some(((*word).to_owned(), label(&read(word)?).into()));
    words.iter().filter_map(shown).collect()
}

fn by_name(mut choices: Choices) -> Choices {
    choices.sort_by_cached_key(|(_, shown)| shown.to_lowercase());
    choices
}
