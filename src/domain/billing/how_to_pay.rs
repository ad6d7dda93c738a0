//! How a client pays an invoice, as every page, email and PDF shows it.

use super::{
    invoice::{Invoice, Seller},
    payment_method::{PaymentMethod, PaymentMethodType},
};
use crate::{
    domain::text::in_url,
    locale::{Text, t},
};

/// The maximum length of a payment line's label, in characters.
const LABEL_MAX: usize = 30;
/// The largest amount of an EPC code, in cents.
const EPC_MAX: i64 = 99_999_999_999;
/// The maximum length of a name in an EPC code, in characters.
const EPC_NAME_MAX: usize = 70;
/// The maximum length of a reference in an EPC code, in characters.
const EPC_REFERENCE_MAX: usize = 140;

/// How a client pays an invoice. Empty if nothing is due.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HowToPay {
    /// Where the client can pay online.
    pub link: Option<String>,
    /// Everything else, in the order of the settings.
    pub blocks: Vec<PayBlock>,
    pub code: Option<PayCode>,
}

/// One way to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayBlock {
    pub heading: Option<String>,
    /// Lines such as `IBAN: BE68 5390 0754 7034`.
    pub text: String,
}

/// One line of payment details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentLine<'a> {
    /// The text before a colon, if it is short.
    pub label: Option<&'a str>,
    pub value: &'a str,
}

/// The content of a QR code that starts a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PayCode {
    /// A SEPA credit transfer, by EPC069-12.
    Epc(String),
    Upi(String),
    /// An address.
    Link(String),
}

impl PayCode {
    pub fn text(&self) -> &str {
        match self {
            Self::Epc(text) | Self::Upi(text) | Self::Link(text) => text,
        }
    }

    /// Returns the instruction to show with the code.
    pub fn about(&self) -> Text {
        match self {
            Self::Epc(_) => t("pay-code-bank"),
            Self::Upi(_) => t("pay-code-upi"),
            Self::Link(_) => t("pay-code-link"),
        }
    }
}

impl HowToPay {
    /// Returns the ways to pay an invoice. `service` is its address at the server's payment
    /// service, if one is set up.
    pub fn of(invoice: &Invoice, seller: &Seller, service: Option<String>) -> Self {
        if !invoice.is_money_due() {
            return Self::default();
        }
        let methods = seller.payment_methods.iter();
        let methods: Vec<_> = methods.filter(|method| method.takes(invoice.currency)).collect();
        let link = methods.iter().find_map(|method| method.link(invoice)).or(service);
        let mut blocks: Vec<_> = methods
            .iter()
            .filter_map(|method| PayBlock::of(method, invoice, link.as_deref()))
            .collect();
        let instructions = seller.payment_instructions.as_deref();
        let instructions = instructions.filter(|text| !text.trim().is_empty());
        blocks.extend(instructions.map(|text| PayBlock { heading: None, text: text.to_owned() }));
        let mut codes = methods.iter().filter_map(|method| code(method, invoice));
        let code = codes.next().or_else(|| link.clone().map(PayCode::Link));
        Self { link, blocks, code }
    }

    /// Returns all but the link as text.
    pub fn text(&self) -> Option<String> {
        let text = |block: &PayBlock| match &block.heading {
            Some(heading) => format!("{heading}\n{}", block.text),
            None => block.text.clone(),
        };
        let texts: Vec<_> = self.blocks.iter().map(text).collect();
        (!texts.is_empty()).then(|| texts.join("\n\n"))
    }
}

impl PayBlock {
    /// Returns a payment method as text; none if it is only a `link`.
    fn of(method: &PaymentMethod, invoice: &Invoice, link: Option<&str>) -> Option<Self> {
        let text = match method.kind {
            PaymentMethodType::Link | PaymentMethodType::Raenest => {
                method.link(invoice).filter(|own| Some(&**own) != link)?
            }
            PaymentMethodType::Text => method.text.clone()?,
            _ => {
                let values = method.values().into_iter();
                let lines: Vec<_> =
                    values.map(|(label, value)| format!("{label}: {value}")).collect();
                lines.join("\n")
            }
        };
        Some(Self { heading: Some(method.label.clone()), text })
    }

    /// Returns the lines that are not empty.
    pub fn lines(&self) -> impl Iterator<Item = PaymentLine<'_>> {
        let lines = self.text.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.map(PaymentLine::new)
    }
}

impl<'a> PaymentLine<'a> {
    fn new(line: &'a str) -> Self {
        let parts = line.split_once(": ").map(|(label, value)| (label.trim(), value.trim()));
        match parts.filter(|(label, _)| label.chars().count() <= LABEL_MAX) {
            Some((label, value)) => Self { label: Some(label), value },
            None => Self { label: None, value: line },
        }
    }
}

/// Returns the QR code that banking apps understand, if there is one for this method and currency.
fn code(method: &PaymentMethod, invoice: &Invoice) -> Option<PayCode> {
    let amount = invoice.amount_to_transfer();
    let major = amount.exchanged();
    match (method.kind, amount.currency.code()) {
        (PaymentMethodType::BankAccount, "EUR") => {
            let iban = method.iban.as_deref()?;
            if amount.minor > EPC_MAX {
                return None;
            }
            let name = beginning(method.account_name.as_deref()?, EPC_NAME_MAX);
            let reference = beginning(&invoice.number, EPC_REFERENCE_MAX);
            let bic = method.bic.as_deref().unwrap_or_default();
            // Purpose and structured reference stay empty.
            let lines = [
                "BCD",
                "002",
                "1",
                "SCT",
                bic,
                name,
                iban,
                &format!("EUR{major}"),
                "",
                "",
                reference,
            ];
            Some(PayCode::Epc(lines.join("\n")))
        }
        (PaymentMethodType::Upi, "INR") => {
            let (vpa, name) = (method.vpa.as_deref()?, method.name.as_deref()?);
            let (name, number) = (in_url(name), in_url(&invoice.number));
            Some(PayCode::Upi(format!(
                "upi://pay?pa={vpa}&pn={name}&am={major}&cu=INR&tn={number}"
            )))
        }
        _ => None,
    }
}

/// Returns at most this many characters.
fn beginning(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).map_or(text, |(end, _)| &text[..end])
}
