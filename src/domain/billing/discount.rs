//! Discounts on a line or on a whole invoice.

use crate::domain::{
    error::{Error, Result},
    form::Form,
    input::{Optional, input},
    money::{self, Amount, Currency, Money, TaxRate},
    rule::Rule,
};

input! {
    /// A discount: a percentage or an amount.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub part Discount as "Discount", "A discount: either `percent` or `amount`."
        checked by must_be_one;

    percent "percent": Optional<TaxRate> = "In percent.",
    amount "amount": Optional<Amount> = "In the currency of the invoice.",
}

/// Rejects both a percentage and an amount, or neither.
pub(in crate::domain) fn must_be_one(form: &mut Form) {
    match (form.says::<TaxRate>("percent"), form.says::<Amount>("amount")) {
        (false, false) => _ = form.fail("percent", Rule::Required),
        (true, true) => _ = form.fail("amount", Rule::Beside("percent")),
        _ => {}
    }
}

impl Discount {
    /// Returns the discount on `base` in minor units. `field` names the discount in errors.
    ///
    /// # Errors
    ///
    /// Invalid if an amount exceeds the base, or has too many decimals for the currency.
    pub fn on(&self, base: i64, currency: Currency, field: &str) -> Result<i64> {
        let Some(amount) = self.amount else {
            return Ok(money::percent_of(base, self.percent.unwrap_or_default()));
        };
        let fail = |rule| Error::field(format!("{field}.amount"), rule);
        let amount = Money::exact(amount, currency).map_err(fail)?.minor;
        if amount > base {
            return Err(fail(Rule::MoreThan(Money::new(base, currency).decimal().to_string())));
        }
        Ok(amount)
    }
}
