//! A step of the reminders: when a client is reminded, and in which words.

use std::borrow::Cow;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        date,
        discount::must_be_one,
        form::Form,
        input::{One, Optional, Required, Shape, input, kinds},
        invoice::{Invoice, Party, Seller},
        money::{self, Amount, Money, TaxRate},
        placeholder,
        rule::Rule,
        text::{Free, Line},
    },
    locale::{Text, t},
};

/// The most days between the due date and a step, before or after it.
const DAYS_MAX: i32 = 365;
/// The variables in the texts of a step.
pub const VARIABLES: [&str; 7] = ["client", "number", "amount", "due", "days", "business", "link"];

kinds! {
    /// The days from the due date to a step; negative before it.
    StepDays = i32, Shape::Signed { max: DAYS_MAX.unsigned_abs() }, |value| {
        let days = match value {
            serde_json::Value::String(text) => text.trim().replace('\u{2212}', "-").parse().ok(),
            serde_json::Value::Number(number) => number.as_i64(),
            _ => return Err(Rule::NotNumber),
        };
        let days = days.and_then(|days: i64| i32::try_from(days).ok());
        let days = days.filter(|days| (-DAYS_MAX..=DAYS_MAX).contains(days));
        days.ok_or(Rule::Between { min: "-365", max: "365" })
    };
    /// The subject of a step.
    Subject = String, Line::<SUBJECT_MAX>::SHAPE, |value| {
        with_known_variables(Line::<SUBJECT_MAX>::parse(value)?)
    };
    /// The text of a step.
    Body = String, Free::<BODY_MAX>::SHAPE, |value| {
        with_known_variables(Free::<BODY_MAX>::parse(value)?)
    };
}

const SUBJECT_MAX: usize = 200;
const BODY_MAX: usize = 5000;

fn with_known_variables(text: String) -> Result<String, Rule> {
    match placeholder::unknown(&text, &VARIABLES) {
        Some(name) => Err(Rule::UnknownVariable(name.to_owned())),
        None => Ok(text),
    }
}

input! {
    /// What a late client owes in addition: a percentage or an amount.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub part LateFee as "LateFee", "A late fee: either `percent` or `amount`. It becomes a draft \
        invoice for you to send; nothing is sent by itself." checked by must_be_one;

    #[serde(default, with = "exact", skip_serializing_if = "Option::is_none")]
    percent "percent": Optional<TaxRate> = "In percent of the amount due.",
    #[serde(default, with = "exact", skip_serializing_if = "Option::is_none")]
    amount "amount": Optional<Amount> = "In the currency of the account; converted at the latest \
        exchange rate if the invoice has another.",
}

input! {
    /// When and how a client is reminded.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub part ReminderStep as "ReminderStep", "A reminder before, on or after the due date."
        checked by must_be_late;

    days "days": Required<StepDays> = "Days from the due date; negative before it.",
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject "subject": Optional<Subject> = "Your own subject. `{client}`, `{number}`, `{amount}`, \
        `{due}`, `{days}`, `{business}` and `{link}` are filled in; other names in braces are \
        refused.",
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body "body": Optional<Body> = "Your own text, with the same variables.",
    #[serde(default, skip_serializing_if = "Option::is_none")]
    late_fee "lateFee": Optional<One<LateFee>> = "Only after the due date.",
}

/// A fee needs a step after the due date.
fn must_be_late(form: &mut Form) {
    let is_late = form.peek::<StepDays>("days").is_none_or(|days| days > 0);
    if !is_late && form.says::<One<LateFee>>("lateFee") {
        form.fail("lateFee", Rule::NotLate);
    }
}

impl ReminderStep {
    /// A step with the usual text.
    pub fn new(days: i32) -> Self {
        Self { days, subject: None, body: None, late_fee: None }
    }

    /// Returns its own subject, if any, and its text about an invoice.
    pub fn write(&self, facts: &Facts) -> (Option<String>, String) {
        let days = date::days_until(facts.today, facts.invoice.due_date).abs();
        let value_of = |name: &str| -> Option<Cow<'_, str>> {
            Some(match name {
                "client" => facts.buyer.name.as_str().into(),
                "number" => facts.invoice.number.as_str().into(),
                "amount" => facts.invoice.amount_due().shown().into(),
                "due" => facts.seller.date_format.show(facts.invoice.due_date).into(),
                "days" => days.to_string().into(),
                "business" => facts.seller.party.heading().into(),
                "link" => facts.link.into(),
                _ => return None,
            })
        };
        let own = self.body.as_deref().filter(|body| !body.trim().is_empty());
        let body = own.map_or_else(|| usual_text(self.days).to_string(), str::to_owned);
        let subject = self.subject.as_deref().map(|text| placeholder::fill(text, value_of));
        (subject, placeholder::fill(&body, value_of))
    }
}

/// What a reminder is about.
pub struct Facts<'a> {
    pub invoice: &'a Invoice,
    pub seller: &'a Seller,
    pub buyer: &'a Party,
    /// Where the client can read it.
    pub link: &'a str,
    pub today: Date,
}

/// Returns the usual text of a step, with variables.
pub fn usual_text(days: i32) -> Text {
    let (number, amount, due) = ("{number}", "{amount}", "{due}");
    match days {
        ..=-1 => {
            t("reminder-text-before").with("number", number).with("amount", amount).with("due", due)
        }
        0 => t("reminder-text-today").with("number", number).with("amount", amount),
        1..=7 => {
            t("reminder-text-after").with("number", number).with("amount", amount).with("due", due)
        }
        _ => t("reminder-text-late")
            .with("number", number)
            .with("amount", amount)
            .with("due", due)
            .with("days", "{days}"),
    }
}

impl LateFee {
    /// Returns the fee on what is due. `rate` is the worth of one unit of that currency in the
    /// currency of the fee. None if it is 0 or cannot be converted.
    pub fn on(&self, due: Money, base: money::Currency, rate: Option<Decimal>) -> Option<Money> {
        let minor = match (self.percent, self.amount) {
            (Some(percent), _) => money::percent_of(due.minor, percent),
            (None, Some(amount)) => {
                let amount = amount.round_dp(base.exponent());
                let own = Money::exact(amount, base).ok()?;
                own.convert(Decimal::ONE.checked_div(rate?)?, due.currency)?.minor
            }
            (None, None) => 0,
        };
        (minor > 0).then_some(Money::new(minor, due.currency))
    }
}

/// A number as text with the same digits.
mod exact {
    use rust_decimal::Decimal;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(number: &Option<Decimal>, to: S) -> Result<S::Ok, S::Error> {
        number.map(|number| number.to_string()).serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Decimal>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        Ok(text.and_then(|text| text.parse().ok()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fee_is_a_percentage_or_an_amount_in_any_currency() {
        let [xof, kwd] = ["XOF", "KWD"].map(|code| money::Currency::from_code(code).unwrap());
        let usd = money::Currency::USD;
        let dec = |text: &str| Some(text.parse::<Decimal>().unwrap());
        let percent = LateFee { percent: dec("2.5"), amount: None };
        assert_eq!(percent.on(Money::new(1001, xof), usd, None), Some(Money::new(25, xof)));
        assert_eq!(percent.on(Money::new(10_001, kwd), usd, None), Some(Money::new(250, kwd)));
        assert_eq!(percent.on(Money::new(1, xof), usd, None), None);
        let amount = LateFee { percent: None, amount: dec("10") };
        assert_eq!(amount.on(Money::new(500, usd), usd, dec("1")), Some(Money::new(1000, usd)));
        let fee = amount.on(Money::new(500, kwd), usd, dec("3.25"));
        assert_eq!(fee, Some(Money::new(3077, kwd)));
        assert_eq!(amount.on(Money::new(500, xof), usd, None), None, "no rate is known");
    }
}
