//! Credit notes: amounts taken off a sent invoice.

use jiff::{Timestamp, civil::Date};
use rust_decimal::{Decimal, RoundingStrategy::MidpointAwayFromZero, prelude::ToPrimitive};
use serde::{Deserialize, Serialize};
use serde_json::Number;

use crate::domain::{
    error::{Error, Result},
    form::Form,
    id::{AccountId, ClientId, CreditNoteId, InvoiceId, ItemId},
    input::{List, One, Optional, Required, input},
    invoice::{Invoice, InvoiceStatus, LINES_MAX, Party, Seller, price_parts},
    money::{self, Amount, Money, Quantity, parse_decimal},
    page::Page,
    payment::exact,
    rule::Rule,
    tax::TaxSum,
    text::Line,
};

/// The maximum length of a credit note's reason.
const REASON_MAX: usize = 500;

/// A credit note. Issued and frozen in one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditNote {
    pub id: CreditNoteId,
    pub account: AccountId,
    pub invoice: InvoiceId,
    pub invoice_number: String,
    /// The issue date of the invoice.
    pub invoice_date: Date,
    pub client: ClientId,
    pub number: String,
    pub credited: Credited,
    pub reason: String,
    pub issue_date: Date,
    /// Both parties, as on the invoice.
    pub seller: Seller,
    pub buyer: Party,
    /// Whether it voided the invoice: everything is credited and nothing was paid.
    pub is_void: bool,
    pub created_at: Timestamp,
}

impl Invoice {
    /// Whether it is credited in full, and nothing remains paid.
    pub fn is_voided(&self) -> bool {
        self.status == InvoiceStatus::Cancelled && self.booked.credited > 0
    }
}

/// The amounts that are credited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credited {
    /// Including tax.
    pub amount: Money,
    /// Each tax of the invoice, in its order, including those that are not credited.
    pub taxes: Vec<TaxSum>,
    /// The credited lines, if lines were credited.
    pub items: Vec<CreditedItem>,
}

impl Credited {
    /// Returns the tax in minor units.
    pub fn tax(&self) -> i64 {
        self.taxes.iter().map(|sum| sum.amount).sum()
    }

    /// Returns the taxes that are credited.
    pub fn own_taxes(&self) -> impl Iterator<Item = &TaxSum> {
        self.taxes.iter().filter(|sum| (sum.base, sum.amount) != (0, 0))
    }
}

/// A credited line of an invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct CreditedItem {
    /// The line of the invoice.
    pub id: ItemId,
    pub description: String,
    pub quantity: Decimal,
    /// The part of the line's amount, in minor units.
    pub amount: i64,
}

/// The stored form of a line.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    item_id: String,
    description: String,
    quantity: Number,
    amount: i64,
}

impl TryFrom<Stored> for CreditedItem {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        Ok(Self {
            id: ItemId::parse(&stored.item_id),
            description: stored.description,
            quantity: parse_decimal(&stored.quantity.to_string()).map_err(|_| "a quantity")?,
            amount: stored.amount,
        })
    }
}

impl From<CreditedItem> for Stored {
    fn from(item: CreditedItem) -> Self {
        let quantity = item.quantity.normalize().to_string();
        Self {
            item_id: item.id.to_string(),
            description: item.description,
            // A decimal is always a valid number.
            quantity: quantity.parse().unwrap_or_else(|_| 0.into()),
            amount: item.amount,
        }
    }
}

input! {
    /// A part of a line to credit.
    #[derive(Debug, Clone)]
    pub part CreditedQuantity as "CreditedItem", "A line of the invoice to credit.";

    id "itemId": Required<ItemId>,
    quantity "quantity": Required<Quantity> = "At most what is not credited yet.",
}

input! {
    /// A new credit note for lines, an amount, or everything not yet credited.
    #[derive(Debug, Clone)]
    pub new NewCreditNote checked by must_name_lines_or_amount;

    items "items": Optional<List<One<CreditedQuantity>, LINES_MAX>> = "The lines to credit, each \
        with its share of discount and taxes.",
    amount "amount": Optional<Amount> = "Including tax; split over the taxes of the invoice.",
    reason "reason": Required<Line<REASON_MAX>>,
}

fn must_name_lines_or_amount(form: &mut Form) {
    let items = form.says::<List<One<CreditedQuantity>, LINES_MAX>>("items");
    if items && form.says::<Amount>("amount") {
        form.fail("amount", Rule::Beside("items"));
    }
}

input! {
    /// Why an invoice is voided.
    #[derive(Debug, Clone)]
    pub new NewVoid;

    reason "reason": Required<Line<REASON_MAX>>,
}

input! {
    /// The filter of a list of credit notes.
    #[derive(Debug, Clone, Default)]
    pub new CreditNoteFilter;

    invoice_id "invoiceId": Optional<InvoiceId> = "Only credit notes of this invoice.",
    client_id "clientId": Optional<ClientId> = "Only credit notes for this client.",
    page "page": Page = "Credit notes per page; 10 by default.",
}

/// The part of an invoice that earlier credit notes have left.
pub struct Left<'a> {
    invoice: &'a Invoice,
    before: &'a [CreditNote],
    pub amount: Money,
    taxes: Vec<TaxSum>,
}

impl<'a> Left<'a> {
    /// `before` are all credit notes of the invoice.
    pub fn new(invoice: &'a Invoice, before: &'a [CreditNote]) -> Self {
        let mut amount = invoice.amount();
        let mut taxes = invoice.taxes.clone();
        for credited in before.iter().map(|note| &note.credited) {
            amount.minor -= credited.amount.minor;
            for (left, sum) in taxes.iter_mut().zip(&credited.taxes) {
                left.base -= sum.base;
                left.amount -= sum.amount;
            }
        }
        Self { invoice, before, amount, taxes }
    }

    /// Returns how much of each line is left.
    pub fn quantities(&self) -> Vec<Decimal> {
        (0..self.invoice.items.len()).map(|place| self.of_line(place).0).collect()
    }

    /// Credits everything that is left: all lines, if there are no earlier credit notes.
    pub fn rest(&self) -> Credited {
        let items = match self.before {
            [] => self.invoice.items.iter().map(|item| CreditedItem {
                id: item.id,
                description: item.line.description.clone(),
                quantity: item.line.quantity,
                amount: item.amount,
            }),
            _ => return self.all(Vec::new()),
        };
        self.all(items.collect())
    }

    fn all(&self, items: Vec<CreditedItem>) -> Credited {
        Credited { amount: self.amount, taxes: self.taxes.clone(), items }
    }

    /// Credits what a new credit note asks for.
    ///
    /// # Errors
    ///
    /// Invalid if it is zero or more than is left; a conflict if nothing is left.
    pub fn credit(&self, new: &NewCreditNote) -> Result<Credited> {
        match (&new.items, new.amount) {
            (Some(items), _) if items.is_empty() => Err(Error::field("items", Rule::Empty)),
            (Some(items), _) => self.of_items(items),
            (None, Some(amount)) => self.of_amount(amount),
            (None, None) if self.amount.minor <= 0 => {
                Err(Error::conflict("error-invoice-credited"))
            }
            (None, None) => Ok(self.rest()),
        }
    }

    /// Splits an amount over the taxes in proportion to what is left of each.
    fn of_amount(&self, amount: Decimal) -> Result<Credited> {
        let minor = exact("amount", amount, self.amount.currency)?;
        self.check("amount", minor)?;
        if minor == self.amount.minor {
            return Ok(self.rest());
        }
        let part = |left: i64| {
            let product = i128::from(left) * i128::from(minor);
            money::divide_rounded(product, i128::from(self.amount.minor)) as i64
        };
        let sum = |left: &TaxSum| TaxSum {
            tax: left.tax.clone(),
            base: part(left.base),
            amount: part(left.amount),
        };
        let amount = Money::new(minor, self.amount.currency);
        Ok(Credited { amount, taxes: self.taxes.iter().map(sum).collect(), items: Vec::new() })
    }

    fn check(&self, field: &'static str, minor: i64) -> Result<()> {
        match minor {
            ..=0 => Err(Error::field(field, Rule::Positive)),
            minor if minor > self.amount.minor => {
                Err(Error::field(field, Rule::MoreThanLeft(self.amount)))
            }
            _ => Ok(()),
        }
    }

    fn of_items(&self, asked: &[CreditedQuantity]) -> Result<Credited> {
        let (mut parts, mut items) = (Vec::with_capacity(asked.len()), Vec::new());
        for (index, part) in asked.iter().enumerate() {
            let fails = |name, rule| Err(Error::field(format!("items[{index}].{name}"), rule));
            let own = self.invoice.items.iter().position(|item| item.id == part.id);
            let Some(place) = own else { return fails("itemId", Rule::Unknown) };
            if parts.iter().any(|(known, _)| *known == place) {
                return fails("itemId", Rule::Duplicate);
            }
            let (left, amount) = self.of_line(place);
            if part.quantity > left {
                return fails("quantity", Rule::MoreThan(left.normalize().to_string()));
            }
            let item = &self.invoice.items[place];
            let amount = match part.quantity == left {
                true => amount,
                false => share(item.amount, part.quantity, item.line.quantity)?,
            };
            let description = item.line.description.clone();
            parts.push((place, amount));
            items.push(CreditedItem { id: part.id, description, quantity: part.quantity, amount });
        }
        if self.is_complete(&items) {
            let all = self.all(items);
            return self.check("items", all.amount.minor).map(|()| all);
        }
        let invoice = self.invoice;
        let lines: Vec<_> = invoice.items.iter().map(|item| (&item.line, item.amount)).collect();
        let (minor, taxes) = price_parts(&lines, &parts, &invoice.terms, invoice.totals.discount)?;
        self.check("items", minor)?;
        if minor == self.amount.minor {
            return Ok(self.all(items));
        }
        Ok(Credited { amount: Money::new(minor, self.amount.currency), taxes, items })
    }

    /// Returns the remaining quantity and amount of a line.
    fn of_line(&self, place: usize) -> (Decimal, i64) {
        let item = &self.invoice.items[place];
        let before = self.before.iter().flat_map(|note| &note.credited.items);
        let before = before.filter(|credited| credited.id == item.id);
        before.fold((item.line.quantity, item.amount), |(quantity, amount), credited| {
            (quantity - credited.quantity, amount - credited.amount)
        })
    }

    /// Whether only lines were credited, and nothing of any line is left after these.
    fn is_complete(&self, items: &[CreditedItem]) -> bool {
        let are_lines = self.before.iter().all(|note| !note.credited.items.is_empty());
        are_lines
            && (0..self.invoice.items.len()).all(|place| {
                let id = self.invoice.items[place].id;
                let now = items.iter().find(|item| item.id == id).map(|item| item.quantity);
                self.of_line(place).0 == now.unwrap_or_default()
            })
    }
}

/// Returns `amount` × `part` ÷ `whole`, rounded half away from zero.
fn share(amount: i64, part: Decimal, whole: Decimal) -> Result<i64> {
    let product = Decimal::from(amount).checked_mul(part);
    let share = product.and_then(|product| product.checked_div(whole));
    let share = share.map(|share| share.round_dp_with_strategy(0, MidpointAwayFromZero));
    share.and_then(|share| share.to_i64()).ok_or_else(|| Error::field("items", Rule::TooLarge))
}
