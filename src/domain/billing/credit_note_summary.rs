//! The sums of a credit note as rows of text, the same on its page and in its PDF.

use crate::{
    domain::{
        credit_note::CreditNote,
        invoice::{SumRow, rated},
    },
    locale::t,
};

/// The rows around the total of a credit note, in minor units.
pub struct CreditSummary {
    /// The credited net amount, if no lines are credited; its taxes are rows.
    pub net: i64,
    /// The rows that lead to the total; none if the lines alone make up the total.
    pub above: Vec<SumRow>,
    /// The taxes that the total includes.
    pub below: Vec<SumRow>,
}

impl CreditNote {
    /// Returns the rows of the sums, with prices as on the invoice. An amount is split into net and
    /// taxes.
    pub fn summary(&self, prices_include_tax: bool) -> CreditSummary {
        let credited = &self.credited;
        let net = credited.amount.minor - credited.tax();
        let includes_tax = prices_include_tax && !credited.items.is_empty();
        let (lines, discount) = match &credited.items[..] {
            [] => (net, 0),
            items => {
                let lines = items.iter().map(|item| item.amount).sum();
                let after = if includes_tax { credited.amount.minor } else { net };
                (lines, after - lines)
            }
        };
        let taxes: Vec<SumRow> = credited
            .own_taxes()
            .map(|sum| {
                let label = rated(&sum.tax.name, sum.tax.rate);
                let label = match includes_tax {
                    true => t("sum-included").with("tax", label.to_string()),
                    false => label,
                };
                (label, sum.amount)
            })
            .collect();
        let (added, below) = if includes_tax { (Vec::new(), taxes) } else { (taxes, Vec::new()) };
        let discount = (discount != 0).then(|| (t("discount"), discount));
        let rows: Vec<_> = discount.into_iter().chain(added).collect();
        let subtotal = (!rows.is_empty()).then(|| (t("subtotal"), lines));
        CreditSummary { net, above: subtotal.into_iter().chain(rows).collect(), below }
    }
}
