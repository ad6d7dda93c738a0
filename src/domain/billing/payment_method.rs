//! Payment methods: bank accounts, UPI, mobile money, links.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        form::Form,
        input::{Optional, Required, Shape, input, kinds},
        invoice::Invoice,
        money::Currency,
        placeholder,
        rule::Rule,
        text::{self, Free, Line, Name, Url},
        word::words,
    },
    locale::{Text, t},
};

/// The maximum number of payment methods of an account.
pub const PAYMENT_METHODS_MAX: usize = 20;

words! {
    /// The types of payment methods.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    PaymentMethodType {
        BankAccount "bank_account",
        Upi "upi",
        MobileMoney "mobile_money",
        Link "link",
        Text "text",
        /// The link that the API gives each invoice.
        Raenest "raenest",
    }
}

type Code = Line<40>;

input! {
    /// A way in which clients can pay.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub part PaymentMethod as "PaymentMethodInput",
        "A way for clients to pay. The fields depend on its type. `bank_account`: \
         `accountName`, `bankName`, and `iban` or `accountNumber`. `upi`: `vpa` and `name`. \
         `mobile_money`: `provider`, `number` and `name`. `link`: `url`. `text`: `text`. \
         `raenest`: the invoice's `paymentLink`." checked by must_have_fields;

    label "label": Required<Name> = "The heading above it on invoices.",
    #[serde(default, with = "currency_code", skip_serializing_if = "Option::is_none")]
    currency "currency": Optional<Currency> =
        "Shown only on invoices in this currency; if omitted, on all invoices.",
    #[serde(rename = "type")]
    kind "type": Required<PaymentMethodType>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account_name "accountName": Optional<Name>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bank_name "bankName": Optional<Name>,
    /// In upper case, without spaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    iban "iban": Optional<Iban> = "Its check digits must be valid.",
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account_number "accountNumber": Optional<Code>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bic "bic": Optional<Bic>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    routing_number "routingNumber": Optional<Code>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sort_code "sortCode": Optional<Code>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    vpa "vpa": Optional<Vpa> = "The UPI ID, such as `okafor@okbank`.",
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provider "provider": Optional<Name>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    number "number": Optional<Code>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name "name": Optional<Name> = "The account holder's name.",
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url "url": Optional<Url> = "`{number}`, `{amount}` and `{currency}` are filled in.",
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text "text": Optional<Free<1000>>,
}

/// Checks the fields that the type requires.
fn must_have_fields(form: &mut Form) {
    let Some(kind) = form.peek::<PaymentMethodType>("type") else { return };
    for name in kind.required() {
        if !form.says::<text::AnyText>(name) {
            form.fail(*name, Rule::Required);
        }
    }
    let has_account = ["iban", "accountNumber"].iter().any(|name| form.says::<text::AnyText>(name));
    if kind == PaymentMethodType::BankAccount && !has_account {
        form.fail("accountNumber", Rule::Required);
    }
}

impl PaymentMethodType {
    /// Returns the fields that it requires.
    pub fn required(self) -> &'static [&'static str] {
        match self {
            Self::BankAccount => &["accountName", "bankName"],
            Self::Upi => &["vpa", "name"],
            Self::MobileMoney => &["provider", "number", "name"],
            Self::Link => &["url"],
            Self::Text => &["text"],
            Self::Raenest => &[],
        }
    }
}

impl PaymentMethod {
    /// Returns a payment method of this type for any currency, without its values.
    pub fn new(label: &str, kind: PaymentMethodType) -> Self {
        Self {
            label: label.to_owned(),
            currency: None,
            kind,
            account_name: None,
            bank_name: None,
            iban: None,
            account_number: None,
            bic: None,
            routing_number: None,
            sort_code: None,
            vpa: None,
            provider: None,
            number: None,
            name: None,
            url: None,
            text: None,
        }
    }

    /// Identifies a payment method within its account. Editing the payment method changes its key.
    pub fn key(&self) -> String {
        let mut hasher = DefaultHasher::new();
        // This cannot fail.
        serde_json::to_string(self).unwrap_or_default().hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }

    /// Whether it is shown on invoices in this currency.
    pub fn takes(&self, currency: Currency) -> bool {
        self.currency.is_none_or(|own| own == currency)
    }

    /// Returns where the client can pay the invoice online, if this is a link.
    pub fn link(&self, invoice: &Invoice) -> Option<String> {
        match self.kind {
            PaymentMethodType::Link => {
                let amount = invoice.amount_to_transfer();
                Some(placeholder::fill(self.url.as_deref()?, |name| match name {
                    "number" => Some(text::in_url(&invoice.number).into()),
                    "amount" => Some(amount.exchanged().into()),
                    "currency" => Some(amount.currency.code().into()),
                    _ => None,
                }))
            }
            PaymentMethodType::Raenest => invoice.payment_link.clone(),
            _ => None,
        }
    }

    /// Returns the labelled payment details.
    pub fn values(&self) -> Vec<(Text, String)> {
        let iban = self.iban.as_deref().map(grouped);
        let values = match self.kind {
            PaymentMethodType::BankAccount => vec![
                (t("payment-account-name"), self.account_name.clone()),
                (t("payment-bank"), self.bank_name.clone()),
                (t("payment-iban"), iban),
                (t("payment-bic"), self.bic.clone()),
                (t("payment-account-number"), self.account_number.clone()),
                (t("payment-routing-number"), self.routing_number.clone()),
                (t("payment-sort-code"), self.sort_code.clone()),
            ],
            PaymentMethodType::Upi => vec![
                (t("payment-upi"), self.vpa.clone()),
                (t("payment-account-name"), self.name.clone()),
            ],
            PaymentMethodType::MobileMoney => vec![
                (t("payment-provider"), self.provider.clone()),
                (t("number"), self.number.clone()),
                (t("payment-account-name"), self.name.clone()),
            ],
            PaymentMethodType::Link | PaymentMethodType::Text | PaymentMethodType::Raenest => {
                Vec::new()
            }
        };
        values.into_iter().filter_map(|(label, value)| Some((label, value?))).collect()
    }
}

/// Returns an IBAN in groups of four, as it is printed.
fn grouped(iban: &str) -> String {
    let mut shown = String::with_capacity(iban.len() + iban.len() / 4);
    for (at, letter) in iban.chars().enumerate() {
        if at > 0 && at % 4 == 0 {
            shown.push(' ');
        }
        shown.push(letter);
    }
    shown
}

kinds! {
    /// An IBAN (ISO 13616) with valid check digits; spaces are ignored.
    Iban = String, Shape::Text { min: 1, max: 42 }, |value| {
        let iban = compact(text::raw(value)?);
        if is_iban(&iban) { Ok(iban) } else { Err(Rule::Iban) }
    };
    /// A BIC (ISO 9362) of 8 or 11 characters.
    Bic = String, Shape::Text { min: 1, max: 14 }, |value| {
        let bic = compact(text::raw(value)?);
        let (bank, rest) = bic.split_at_checked(6).ok_or(Rule::Bic)?;
        let is_bic = matches!(rest.len(), 2 | 5)
            && bank.bytes().all(|byte| byte.is_ascii_uppercase())
            && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if is_bic { Ok(bic) } else { Err(Rule::Bic) }
    };
    /// A UPI ID: a name and a provider.
    Vpa = String, Shape::Text { min: 1, max: 255 }, |value| {
        let vpa = text::raw(value)?.trim();
        let fits = |part: &str, more: &[u8]| {
            (2..=127).contains(&part.len())
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
        };
        match vpa.split_once('@') {
            Some((name, at)) if fits(name, b".-_") && fits(at, b"") => Ok(vpa.to_owned()),
            _ => Err(Rule::Vpa),
        }
    };
}

fn compact(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect()
}

/// Whether the check digits are valid: read from the fifth character on, with A as 10, the number
/// modulo 97 is 1.
fn is_iban(iban: &str) -> bool {
    let Some((country, check)) = iban.split_at_checked(4) else { return false };
    let has_form = (15..=34).contains(&iban.len())
        && iban.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
        && country.bytes().take(2).all(|byte| byte.is_ascii_uppercase())
        && country.bytes().skip(2).all(|byte| byte.is_ascii_digit());
    let digits = check.chars().chain(country.chars()).filter_map(|c| c.to_digit(36));
    let rest = digits.fold(0, |rest, digit| {
        let shift = if digit > 9 { 100 } else { 10 };
        (rest * shift + digit) % 97
    });
    has_form && rest == 1
}

/// A currency by its code.
mod currency_code {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::domain::money::Currency;

    pub fn serialize<S: Serializer>(currency: &Option<Currency>, to: S) -> Result<S::Ok, S::Error> {
        currency.map(Currency::code).serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Currency>, D::Error> {
        let code = Option::<String>::deserialize(from)?;
        Ok(code.and_then(|code| Currency::from_code(&code)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::{
        error::Error,
        input::{Input, Scalar},
    };

    fn read(value: Value) -> Result<PaymentMethod, Error> {
        PaymentMethod::read(value.as_object().unwrap())
    }

    #[test]
    fn an_iban_needs_the_right_check_digits() {
        for iban in ["DE02 1203 0000 0000 2020 51", "gb33bukb20201555555555", "BE68539007547034"] {
            assert!(Iban::parse(&json!(iban)).is_ok(), "{iban}");
        }
        let wrong = ["DE02 1203 0000 0000 2020 52", "DE20120300000000202051", "DE02", "", "0102é"];
        for iban in wrong {
            assert_eq!(Iban::parse(&json!(iban)), Err(Rule::Iban), "{iban}");
        }
        // Any single wrong digit is detected.
        let iban = "DE02120300000000202051";
        for at in 2..iban.len() {
            let digit = (iban.as_bytes()[at] - b'0' + 1) % 10;
            let wrong = format!("{}{digit}{}", &iban[..at], &iban[at + 1..]);
            assert!(!is_iban(&wrong), "{wrong}");
        }
    }

    #[test]
    fn codes_are_checked() {
        for (bic, is_bic) in
            [("BYLADEM1001", true), ("byladem1", true), ("BYLADEM", false), ("12LADEM1", false)]
        {
            assert_eq!(Bic::parse(&json!(bic)).is_ok(), is_bic, "{bic}");
        }
        for (vpa, is_vpa) in [
            ("okafor@okbank", true),
            ("a.b-c@ybl", true),
            ("okafor", false),
            ("a@b", false),
            ("okafor@ok bank", false),
            ("a&b@okbank", false),
        ] {
            assert_eq!(Vpa::parse(&json!(vpa)).is_ok(), is_vpa, "{vpa}");
        }
    }

    #[test]
    fn each_type_needs_its_fields() {
        for (kind, missing) in [
            (
                "bank_account",
                "accountName is required; bankName is required; accountNumber is required",
            ),
            ("upi", "vpa is required; name is required"),
            ("mobile_money", "provider is required; number is required; name is required"),
            ("link", "url is required"),
            ("text", "text is required"),
        ] {
            let error = read(json!({"label": "Mine", "type": kind})).unwrap_err();
            assert_eq!(error.to_string(), format!("Validation failed: {missing}"));
        }
        assert!(read(json!({"label": "Mine", "type": "raenest"})).is_ok());
        read(json!({"label": "Mine", "type": "cheque"})).unwrap_err();
    }

    #[test]
    fn a_stored_method_reads_back() {
        let method = read(json!({
            "label": "Main account", "type": "bank_account", "currency": "EUR",
            "accountName": "Ada Obi", "bankName": "DKB", "iban": "de02 1203 0000 0000 2020 51",
        }))
        .unwrap();
        let text = serde_json::to_string(&method).unwrap();
        assert_eq!(
            text,
            r#"{"label":"Main account","currency":"EUR","type":"bank_account","accountName":"Ada Obi","bankName":"DKB","iban":"DE02120300000000202051"}"#
        );
        assert_eq!(serde_json::from_str::<PaymentMethod>(&text).unwrap(), method);
        let values: Vec<_> = method.values().into_iter().map(|(_, value)| value).collect();
        assert_eq!(values, ["Ada Obi", "DKB", "DE02 1203 0000 0000 2020 51"]);
    }
}
