//! The sums of an invoice as rows of text, the same on every page and in the PDF.

use rust_decimal::Decimal;

use super::{Invoice, Item, Line, Unit};
use crate::{
    domain::{balance::Booked, date::DateFormat, discount::Discount, tax::TaxSum},
    locale::{Text, t},
};

/// A label and an amount in minor units.
pub type SumRow = (Text, i64);

impl Invoice {
    /// Returns the rows that lead to the total; none if the lines alone make up the total.
    pub fn rows_above_total(&self) -> Vec<SumRow> {
        let discount = self.terms.discount.as_ref();
        let discount = discount.map(|of| (discount_label(of), -self.totals.discount));
        let rows: Vec<_> = discount.into_iter().chain(self.rows_of_taxes()).collect();
        let subtotal = (!rows.is_empty()).then(|| (t("subtotal"), self.sum_of_lines()));
        subtotal.into_iter().chain(rows).chain(self.booked_rows()).collect()
    }

    /// Returns the rows from the total to the amount due, if part of it was paid or credited.
    fn booked_rows(&self) -> Vec<SumRow> {
        let Booked { paid, credited, .. } = self.booked;
        if !self.is_money_due() || (paid, credited) == (0, 0) {
            return Vec::new();
        }
        let booked = [(t("paid"), -paid), (t("credited"), -credited)];
        let booked = booked.into_iter().filter(|(_, minor)| *minor != 0);
        std::iter::once((t("total"), self.totals.amount)).chain(booked).collect()
    }

    /// Returns the rows of the taxes that are added to the prices.
    pub fn rows_of_taxes(&self) -> Vec<SumRow> {
        let added = self.taxes.iter().filter(|_| !self.terms.prices_include_tax);
        added.map(|sum| (self.tax_label(sum), sum.amount)).collect()
    }

    /// Returns the text of the line that deducts this deposit from another invoice.
    pub fn deducted_text(&self) -> String {
        t("deposit-deducted").with("number", &self.number).into()
    }

    /// Names the kind of document.
    pub fn name(&self) -> Text {
        if self.is_deposit() { t("deposit-invoice") } else { t("invoice") }
    }

    /// Names the document with its number.
    pub fn full_name(&self) -> Text {
        let name =
            if self.is_deposit() { t("deposit-invoice-number") } else { t("invoice-number") };
        name.with("number", &self.number)
    }

    /// Returns the sum of the lines as they are shown, in minor units.
    pub fn sum_of_lines(&self) -> i64 {
        self.items.iter().map(|item| item.amount).sum()
    }

    /// Returns the sum of the lines that deduct deposits, or of all others.
    pub fn sum_of(&self, are_deposits: bool) -> i64 {
        let is_one = |item: &&Item| item.line.deposit.is_some() == are_deposits;
        self.items.iter().filter(is_one).map(|item| item.amount).sum()
    }

    /// Returns the rows that explain the total: the taxes that it includes, and the tax that the
    /// client withholds.
    pub fn rows_below_total(&self) -> Vec<SumRow> {
        let included = self.taxes.iter().filter(|_| self.terms.prices_include_tax);
        let included = included.map(|sum| {
            (t("sum-included").with("tax", self.tax_label(sum).to_string()), sum.amount)
        });
        let is_untouched = self.booked == Booked::default();
        let withheld = self.terms.withholding.iter().filter(|_| is_untouched);
        let withheld = withheld.flat_map(|withholding| {
            let label = rated(&withholding.name, withholding.rate);
            [
                (label, -self.totals.withheld),
                (t("sum-after-withholding"), self.totals.amount - self.totals.withheld),
            ]
        });
        included.chain(withheld).collect()
    }

    /// Describes a line: its unit, its discount, and its taxes unless all lines have the same.
    pub fn details_of(&self, line: &Line) -> String {
        let unit = line.unit.map(|unit| unit_label(unit).to_string());
        let discount = line.discount.as_ref().map(|of| self.discount_of(of));
        let own = |item: &Item| item.line.taxes != line.taxes;
        let taxes = line.taxes.as_ref().filter(|_| self.items.iter().any(own)).map(|taxes| {
            let names: Vec<_> =
                taxes.iter().map(|tax| rated(&tax.name, tax.rate).to_string()).collect();
            if names.is_empty() { t("no-tax").to_string() } else { names.join(", ") }
        });
        [unit, discount, taxes].into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }

    fn discount_of(&self, discount: &Discount) -> String {
        let text = match (discount.percent, discount.amount) {
            (Some(percent), _) => t("percent-off").with("percent", percent.normalize()),
            (None, amount) => {
                let amount = self.currency.show_rate(amount.unwrap_or_default());
                t("amount-off").with("amount", amount)
            }
        };
        text.to_string()
    }

    /// Returns the days of the work, in this format; none if they are not known.
    pub fn service_days(&self, format: DateFormat) -> Option<Text> {
        let day = |day| format.show(day);
        Some(match self.service {
            (Some(from), Some(to)) if from == to => t("service-on").with("day", day(from)),
            (Some(from), Some(to)) => {
                t("service-between").with("from", day(from)).with("to", day(to))
            }
            (Some(from), None) => t("service-from").with("day", day(from)),
            (None, Some(to)) => t("service-until").with("day", day(to)),
            (None, None) => return None,
        })
    }

    /// Returns the notes of the taxes and of the invoice.
    pub fn all_notes(&self) -> Option<String> {
        let own = self.notes.as_deref().filter(|notes| !notes.trim().is_empty());
        let notes: Vec<&str> = self.tax_notes().into_iter().chain(own).collect();
        (!notes.is_empty()).then(|| notes.join("\n"))
    }

    /// Returns the notes of the taxes, each once.
    pub fn tax_notes(&self) -> Vec<&str> {
        let mut notes: Vec<&str> = Vec::new();
        for note in self.taxes.iter().filter_map(|sum| sum.tax.note.as_deref()) {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        notes
    }

    /// Names a tax, with its base unless that is the whole invoice.
    fn tax_label(&self, sum: &TaxSum) -> Text {
        if sum.base == self.totals.net() {
            return rated(&sum.tax.name, sum.tax.rate);
        }
        let base = self.currency.show_rate(Decimal::new(sum.base, self.currency.exponent()));
        t("sum-rated-on")
            .with("name", &sum.tax.name)
            .with("rate", sum.tax.rate.normalize())
            .with("base", base)
    }
}

/// Returns the unit of a quantity in words.
pub fn unit_label(unit: Unit) -> Text {
    match unit {
        Unit::Hour => t("unit-hour"),
        Unit::Day => t("unit-day"),
        Unit::Piece => t("unit-piece"),
        Unit::Month => t("unit-month"),
        Unit::Km => t("unit-km"),
        Unit::Word => t("unit-word"),
        Unit::Page => t("unit-page"),
        Unit::Fixed => t("unit-fixed"),
    }
}

/// Names a tax with its rate.
pub fn rated(name: &str, rate: Decimal) -> Text {
    t("sum-rated").with("name", name).with("rate", rate.normalize())
}

fn discount_label(discount: &Discount) -> Text {
    match discount.percent {
        Some(percent) => rated(&t("discount").to_string(), percent),
        None => t("discount"),
    }
}
