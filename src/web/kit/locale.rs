//! What the selects of an account offer: currencies, timezones, ways to write a day.

use jiff::civil::Date;

use crate::{
    domain::{
        date::{DateFormat, Zone},
        money::Currency,
    },
    web::choice::Choices,
};

/// What most freelancers are paid in, before the rest of the world.
const COMMON: [&str; 18] = [
    "USD", "EUR", "GBP", "NGN", "KES", "GHS", "ZAR", "EGP", "MAD", "XOF", "XAF", "UGX", "INR",
    "LKR", "PKR", "BDT", "PHP", "IDR",
];

/// Every currency, the common ones first.
pub fn currencies() -> Choices {
    let common = COMMON.iter().filter_map(|code| Currency::from_code(code));
    let others = Currency::all().iter().copied().filter(|other| !COMMON.contains(&other.code()));
    let shown = |currency: Currency| format!("{currency} – {}", currency.name());
    common.chain(others).map(|currency| (currency.code().to_owned(), shown(currency))).collect()
}

/// Every timezone, and the one that is chosen if it goes by another name.
pub fn zones(chosen: &str) -> Choices {
    let mut names = Zone::names();
    if let Some(chosen) =
        Zone::from_name(chosen).filter(|zone| !names.contains(&zone.name().into()))
    {
        names.push(chosen.name().to_owned());
    }
    names.into_iter().map(|name| (name.clone(), name.replace('_', " "))).collect()
}

/// Every way to write a day, shown by this one.
pub fn date_formats(day: Date) -> Choices {
    let formats = DateFormat::WORDS.iter().filter_map(|word| DateFormat::from_word(word));
    formats.map(|format| (format.as_str().to_owned(), format.show(day))).collect()
}
