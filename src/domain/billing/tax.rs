//! Taxes on the lines of an invoice, and the tax that a client withholds.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::domain::{
    error::{Error, Result},
    form::{Form, Read},
    id::{AccountId, TaxId},
    input::{Change, Kind, Need, Nested, New, Optional, Part, Presence, Required, Shape, input},
    money::{TaxRate, parse_decimal},
    page::Page,
    rule::Rule,
    text::Line,
    word::words,
};

/// The maximum number of taxes on one line.
pub const LINE_TAXES_MAX: usize = 5;
/// The maximum number of taxes that an account keeps.
pub const TAXES_MAX: usize = 50;
/// The name of the tax that a bare rate stands for.
const PLAIN: &str = "Tax";

words! {
    /// The categories of EN 16931 (UNCL 5305).
    TaxCategory {
        Standard "S",
        Zero "Z",
        Exempt "E",
        ReverseCharge "AE",
        Export "G",
        IntraCommunity "K",
        Outside "O",
    }
}

impl TaxCategory {
    /// The category of a tax without one.
    fn of_rate(rate: Decimal) -> Self {
        if rate.is_zero() { Self::Zero } else { Self::Standard }
    }

    /// Whether its rate must be 0.
    fn is_untaxed(self) -> bool {
        self != Self::Standard
    }
}

input! {
    /// A tax: its name and its rate in percent.
    #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(from = "Stored", into = "Stored")]
    pub new Tax;

    /// A change of a tax.
    #[derive(Debug, Clone)]
    pub change TaxChange;

    name "name": Required<Line<50>>,
    rate "rate": Required<TaxRate> = "In percent.",
    category "category": Category = "The category of EN 16931: `S` standard, `Z` zero, `E` exempt, \
        `AE` reverse charge, `G` export, `K` intra-community, `O` outside the scope of tax. All \
        but `S` need the rate 0. By default `S`, or `Z` at the rate 0.",
    note "note": Optional<Line<500>> = "Printed on the invoice, such as the legal reason.",
}

impl Nested for Tax {
    const PART: Part = Part {
        name: "LineTax",
        about: "A tax of a line.",
        fields: <Self as crate::domain::input::Input>::FIELDS,
    };
}

/// The category of a tax. It follows from the rate if it is not given.
pub struct Category;

impl Presence<New> for Category {
    type Value = TaxCategory;
    const SHAPE: Shape = <TaxCategory as Kind>::SHAPE;
    const NEED: Need = Need::Nullable;

    fn read(form: &mut Form, name: &'static str) -> Read<TaxCategory> {
        let rate = form.peek::<TaxRate>("rate").unwrap_or_default();
        let category = form.optional::<TaxCategory>(name)?;
        match check(category.unwrap_or_else(|| TaxCategory::of_rate(rate)), rate) {
            Ok(category) => Ok(category),
            Err(rule) => Err(form.fail("rate", rule)),
        }
    }
}

impl Presence<Change> for Category {
    type Value = Option<TaxCategory>;
    const SHAPE: Shape = <TaxCategory as Kind>::SHAPE;
    const NEED: Need = Need::Kept;

    fn read(form: &mut Form, name: &'static str) -> Read<Option<TaxCategory>> {
        form.change_or::<TaxCategory>(name, None)
    }
}

fn check(category: TaxCategory, rate: Decimal) -> Result<TaxCategory, Rule> {
    if category.is_untaxed() && !rate.is_zero() {
        return Err(Rule::ZeroRate { category: category.as_str() });
    }
    Ok(category)
}

impl Tax {
    /// The tax that a bare rate stands for; `None` at the rate 0.
    pub fn plain(rate: Decimal) -> Option<Self> {
        (!rate.is_zero()).then(|| Self {
            name: PLAIN.to_owned(),
            rate,
            category: TaxCategory::of_rate(rate),
            note: None,
        })
    }
}

impl TaxChange {
    /// Returns the tax after the change.
    ///
    /// # Errors
    ///
    /// Invalid if its category needs the rate 0.
    pub fn apply(self, current: &Tax) -> Result<Tax> {
        let rate = self.rate.unwrap_or(current.rate);
        let category = self.category.unwrap_or(match current.category {
            TaxCategory::Standard | TaxCategory::Zero => TaxCategory::of_rate(rate),
            category => category,
        });
        Ok(Tax {
            name: self.name.unwrap_or_else(|| current.name.clone()),
            rate,
            category: check(category, rate).map_err(|rule| Error::field("rate", rule))?,
            note: self.note.apply(current.note.clone()),
        })
    }
}

/// The stored form of a tax. The rate is stored as exact text.
#[derive(Serialize, Deserialize)]
struct Stored {
    name: String,
    rate: String,
    category: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

impl From<Stored> for Tax {
    fn from(stored: Stored) -> Self {
        let rate = parse_decimal(&stored.rate).unwrap_or_default();
        let category = TaxCategory::from_word(&stored.category);
        Self {
            name: stored.name,
            rate,
            category: category.unwrap_or_else(|| TaxCategory::of_rate(rate)),
            note: stored.note,
        }
    }
}

impl From<Tax> for Stored {
    fn from(tax: Tax) -> Self {
        Self {
            name: tax.name,
            rate: tax.rate.normalize().to_string(),
            category: tax.category.as_str().to_owned(),
            note: tax.note,
        }
    }
}

/// A tax on an invoice: its base and its amount, in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxSum {
    #[serde(flatten)]
    pub tax: Tax,
    pub base: i64,
    pub amount: i64,
}

input! {
    /// The tax that the client pays to the state instead of the freelancer.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub part Withholding as "Withholding", "The tax that the client withholds.";

    name "name": Required<Line<50>>,
    rate "rate": Required<TaxRate> = "In percent of the net amount.",
}

/// A tax that an account keeps for its invoices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedTax {
    pub id: TaxId,
    pub account: AccountId,
    pub tax: Tax,
    /// Whether lines of new invoices have it by default.
    pub is_default: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

input! {
    /// A page of the list of taxes.
    #[derive(Debug, Clone)]
    pub new TaxFilter;

    page "page": Page = "Taxes per page; 10 by default.",
}
