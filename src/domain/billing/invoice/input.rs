//! The input for new invoices and for changes.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::{InvoiceStatus, LINES_MAX, Line, Priced, Terms, check_amount, price, price_amount};
use crate::domain::{
    date::Day,
    deposit::Purpose,
    discount::Discount,
    error::Result,
    form::{Form, Read},
    id::{ClientId, ProjectId, ProposalId},
    input::{
        Change, Drafted, Flag, Implied, Inherited, Initial, Kind, List, Need, New, One, Optional,
        OrDefault, Presence, Required, Shape, input,
    },
    money::{Amount, Currency, TaxRate},
    rule::Rule,
    tax::{Tax, Withholding},
    text::{self, AnyText, FreeText},
};

input! {
    /// A new invoice: with items, only an amount, or both if they agree.
    #[derive(Debug, Clone)]
    pub new NewInvoice {
        proposal_id "proposalId": Optional<ProposalId> = "The proposal that it is made from: by \
            default, its items and currency are those of the proposal.",
        kind "kind": Initial<Purpose> = "`deposit` for part of the agreed amount, paid before the \
            work; `deductDeposits` on a later invoice deducts it." => " `invoice` by default.",
    } checked by must_ask_for_something;

    /// A change of an invoice.
    #[derive(Debug, Clone)]
    pub change InvoiceChange;

    client_id "clientId": Required<ClientId>,
    project_id "projectId": Optional<ProjectId>,
    amount "amount": Inherited<Amount> = "Including tax; the total of the items, if there are any.",
    tax_rate "taxRate": PlainRate = "In percent: one tax named \"Tax\" on each line without taxes \
        of its own." => " Defaults to the account's default taxes, or 0.",
    /// Defaults to that of the project, else of the account.
    currency "currency": Inherited<Currency> => "The user's currency by default.",
    status "status": Drafted<InvoiceStatus> = "`sent` on a draft, `paid` on a sent invoice, \
        `cancelled` on a draft, or the current one.",
    /// Defaults to today in the account's timezone.
    issue_date "issueDate": Inherited<Day> => "Today by default. It stays in the period of the invoice number.",
    /// Defaults to the terms of the client, else of the settings.
    due_date "dueDate": Implied<Day> => "Defaults to the payment terms of the client or the \
        settings; required where neither has any.",
    lines "items": Lines => "At most 500.",
    discount "discount": Optional<One<Discount>> = "Taken off the sum of the lines.",
    prices_include_tax "pricesIncludeTax": OrDefault<Flag> = "Whether the rates of the lines \
        include their taxes." => " False by default.",
    withholding "withholding": Optional<One<Withholding>> = "The tax that the client withholds \
        from the payment.",
    service_from "serviceFrom": Optional<Day> = "The first day of the work.",
    service_to "serviceTo": Optional<Day> = "The last day of the work.",
    reference "reference": Optional<Line100> = "The client's order number.",
    notes "notes": Optional<FreeText>,
    deduct_deposits "deductDeposits": OrDefault<Flag> = "Whether to deduct the sent deposits of \
        the project or proposal, each once and up to the invoice total." => " False by default.",
    reminders "reminders": Inherited<Flag> = "Whether the client gets automatic reminders of it; \
        can change at any time." => " True by default.",
}

type Line100 = text::Line<100>;

/// The tax rate in percent. For a new invoice, a missing rate is not 0: the account's default taxes
/// apply.
pub struct PlainRate;

impl Presence<New> for PlainRate {
    type Value = Option<Decimal>;
    const SHAPE: Shape = <TaxRate as Kind>::SHAPE;
    const NEED: Need = Need::Nullable;

    fn read(form: &mut Form, name: &'static str) -> Read<Option<Decimal>> {
        form.optional::<TaxRate>(name)
    }
}

impl Presence<Change> for PlainRate {
    type Value = Option<Decimal>;
    const SHAPE: Shape = <TaxRate as Kind>::SHAPE;
    const NEED: Need = Need::Kept;

    fn read(form: &mut Form, name: &'static str) -> Read<Option<Decimal>> {
        form.change_or::<TaxRate>(name, Some(Decimal::ZERO))
    }
}

/// The lines of an invoice. A new one may have none; a change cannot remove all.
pub struct Lines;

type LineList = List<One<Line>, LINES_MAX>;

impl Presence<New> for Lines {
    type Value = Vec<Line>;
    const SHAPE: Shape = LineList::SHAPE;
    const NEED: Need = Need::Nullable;

    fn read(form: &mut Form, name: &'static str) -> Read<Vec<Line>> {
        form.optional::<LineList>(name).map(Option::unwrap_or_default)
    }
}

impl Presence<Change> for Lines {
    type Value = Option<Vec<Line>>;
    const SHAPE: Shape = LineList::SHAPE;
    const NEED: Need = Need::Kept;

    fn read(form: &mut Form, name: &'static str) -> Read<Option<Vec<Line>>> {
        let lines = form.change_or::<LineList>(name, None)?;
        if lines.as_ref().is_some_and(Vec::is_empty) {
            form.fail(name, Rule::Empty);
        }
        Ok(lines)
    }
}

/// A new invoice needs items or an amount, and cannot be due before its issue date.
fn must_ask_for_something(form: &mut Form) {
    let issued = form.peek::<Day>("issueDate");
    if form.peek::<Day>("dueDate").is_some_and(|due| issued.is_some_and(|day| due < day)) {
        form.fail("dueDate", Rule::BeforeField("issueDate"));
    }
    // Without a client, there are no payment terms to follow.
    if !form.says::<AnyText>("clientId") && !form.says::<AnyText>("dueDate") {
        form.fail("dueDate", Rule::Required);
    }
    let says_what = form.says::<Amount>("amount")
        || form.says::<LineList>("items")
        || form.says::<AnyText>("proposalId");
    if !says_what {
        form.fail("items", Rule::Required);
    }
    let began = form.peek::<Day>("serviceFrom");
    if form.peek::<Day>("serviceTo").is_some_and(|end| began.is_some_and(|day| end < day)) {
        form.fail("serviceTo", Rule::BeforeField("serviceFrom"));
    }
}

impl NewInvoice {
    /// A new invoice with these lines, dated today, without optional fields.
    pub fn new(client_id: ClientId, due_date: Date, lines: Vec<Line>) -> Self {
        Self {
            client_id,
            project_id: None,
            proposal_id: None,
            kind: Purpose::Invoice,
            amount: None,
            tax_rate: None,
            currency: None,
            status: (),
            issue_date: None,
            due_date: Some(due_date),
            lines,
            discount: None,
            prices_include_tax: false,
            withholding: None,
            service_from: None,
            service_to: None,
            reference: None,
            notes: None,
            deduct_deposits: false,
            reminders: None,
        }
    }

    /// Prices the invoice in its currency. Lines without taxes get the `default` ones unless a rate
    /// is given. If both amount and items are given, they must agree.
    pub fn price(&self, default: &[Tax], currency: Currency) -> Result<Priced> {
        let terms = Terms {
            tax_rate: self.tax_rate.unwrap_or_default(),
            discount: self.discount.clone(),
            prices_include_tax: self.prices_include_tax,
            withholding: self.withholding.clone(),
        };
        let taxes = (self.tax_rate.is_none() && !default.is_empty()).then(|| default.to_vec());
        match self.amount {
            Some(amount) if self.lines.is_empty() => price_amount(amount, taxes, &terms, currency),
            amount => {
                let mut lines = self.lines.clone();
                for line in lines.iter_mut().filter(|line| line.taxes.is_none()) {
                    line.taxes.clone_from(&taxes);
                }
                let priced = price(lines, &terms, currency)?;
                if let Some(amount) = amount {
                    check_amount(amount, priced.totals.amount, currency)?;
                }
                Ok(priced)
            }
        }
    }
}
