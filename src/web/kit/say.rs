//! The messages for broken rules, shown below the field.

use crate::{
    domain::{
        error::{Error, Kind, Result},
        rule::{Rule, span},
    },
    locale::{Text, t},
};

/// Returns what is wrong with a field, in one sentence.
pub fn say(rule: &Rule) -> Text {
    match rule {
        Rule::Required | Rule::Empty => t("rule-required"),
        Rule::TooShort { min } => t("rule-too-short").count("min", min),
        Rule::TooLong { max } => t("rule-too-long").count("max", max),
        Rule::ControlCharacters | Rule::Nul => t("rule-control-characters"),
        Rule::Email => t("rule-email"),
        Rule::FullName => t("rule-full-name"),
        Rule::NotNumber => number_wanted("1250.50"),
        Rule::OneOf(_) => t("rule-one-of"),
        Rule::Unknown => t("rule-unknown"),
        Rule::OtherClient => t("rule-other-client"),
        Rule::Currency => t("rule-currency"),
        Rule::SameCurrency(_) => t("rule-same-currency"),
        Rule::ProposalCurrency(code) => t("rule-proposal-currency").with("currency", code),
        Rule::Timezone => t("rule-timezone"),
        Rule::Date => t("rule-date"),
        Rule::PastDate => t("rule-past-date"),
        Rule::FutureDate => t("rule-future-date"),
        Rule::BeforeField(_) => t("rule-before-issue-date"),
        Rule::OtherPeriod { period } => {
            t("rule-other-period").with("period", period).with("span", span(period))
        }
        Rule::Integer { min, max } => t("rule-integer").with("min", min).with("max", max),
        Rule::Between { min, max } => t("rule-between").with("min", min).with("max", max),
        Rule::Positive => t("rule-positive"),
        Rule::TooLarge => t("rule-too-large"),
        Rule::Decimals { max } => t("rule-decimals").count("max", max),
        Rule::NegativeTotal => t("rule-negative-total"),
        Rule::SumDiffers { computed, .. } => t("rule-sum-differs").with("computed", computed),
        Rule::MoreThanDue(due) => t("rule-more-than-due").with("due", due),
        Rule::MoreThanLeft(left) => t("rule-more-than-left").with("left", left),
        Rule::TooManyItems { max } => t("rule-too-many").count("max", max),
        Rule::Taken => t("rule-taken"),
        Rule::Username => t("rule-username"),
        Rule::PasswordClasses => t("rule-password-classes"),
        Rule::PasswordPattern => t("rule-password-pattern"),
        Rule::PasswordCommon => t("rule-password-common"),
        Rule::WrongPassword => t("rule-wrong-password"),
        Rule::WrongCode => t("rule-wrong-code"),
        Rule::OtherTime { minutes } => {
            let key = if *minutes > 0 { "rule-clock-ahead" } else { "rule-clock-behind" };
            t(key).count("minutes", minutes.abs())
        }
        Rule::Otp => t("rule-otp"),
        Rule::OtherEmail => t("rule-other-email"),
        Rule::Phone => t("rule-phone"),
        Rule::Url => t("rule-url"),
        Rule::Coordinates => t("rule-coordinates"),
        Rule::Duplicate => t("rule-duplicate"),
        Rule::ShortWord => t("rule-short-word"),
        Rule::Color => t("rule-color"),
        Rule::NumberPattern => t("rule-number-pattern"),
        Rule::RepeatedNumber => t("rule-repeated-number"),
        Rule::Country => t("rule-country"),
        Rule::Iban => t("rule-iban"),
        Rule::Bic => t("rule-bic"),
        Rule::Vpa => t("rule-vpa"),
        Rule::PeppolId => t("rule-peppol-id"),
        Rule::Beside(_) => t("rule-beside"),
        Rule::MoreThan(most) => t("rule-more-than").with("most", most),
        Rule::ZeroRate { .. } => t("rule-zero-rate"),
        Rule::DiscountOfNothing => t("rule-discount-of-nothing"),
        Rule::NeedsItems => t("rule-needs-items"),
        Rule::UnknownVariable(name) => t("rule-unknown-variable").with("name", name),
        Rule::NotLate => t("rule-not-late"),
        Rule::Picture => t("rule-picture"),
        Rule::BrokenPicture => t("rule-broken-picture"),
        Rule::FileTooLarge { mib } => t("rule-file-too-large").with("mib", mib),
        Rule::TooManyPixels { megapixels } => t("rule-too-many-pixels").with("count", megapixels),
        // Forms cannot break these.
        Rule::NotText | Rule::NotList | Rule::NotObject | Rule::NotBoolean | Rule::RequestKey => {
            t("rule-wrong")
        }
    }
}

/// Returns the message that a number is expected, with this example.
pub fn number_wanted(example: &str) -> Text {
    t("rule-number").with("example", example)
}

/// Returns why an action failed, in one sentence.
///
/// # Errors
///
/// Returns the error itself if it is not meant for the reader.
pub fn sentence(error: Error) -> Result<Text> {
    match error.kind() {
        Kind::Conflict
        | Kind::Stale
        | Kind::Unsaved
        | Kind::Forbidden
        | Kind::TooMany(_)
        | Kind::Unavailable { .. }
        | Kind::Unwritable => Ok(t("error-message").with("message", error.message())),
        _ => Err(error),
    }
}
