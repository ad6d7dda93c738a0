//! The rules that a field can break. A rule holds facts instead of text, since each of three
//! documents words it differently.

use std::borrow::Cow;

use super::money::Money;

/// A field and the first rule it breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {rule}")]
pub struct FieldError {
    /// The name in the request: `email`, `items[2].rate`.
    pub field: Cow<'static, str>,
    pub rule: Rule,
}

/// A rule that was broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rule {
    #[error("is required")]
    Required,
    #[error("must be a string")]
    NotText,
    #[error("must be a number")]
    NotNumber,
    #[error("must be an array")]
    NotList,
    #[error("must be an object")]
    NotObject,
    #[error("must not be empty")]
    Empty,
    #[error("must be at least {min} characters long")]
    TooShort { min: usize },
    #[error("must be at most {max} characters long")]
    TooLong { max: usize },
    #[error("must be one line without control characters")]
    ControlCharacters,
    #[error("must not contain a NUL character")]
    Nul,
    #[error("must be a valid email address")]
    Email,
    #[error("must be a first and a last name")]
    FullName,
    #[error("must be one of {}", .0.join(", "))]
    OneOf(&'static [&'static str]),
    #[error("must be an ISO 4217 currency code such as USD")]
    Currency,
    #[error("must be an IANA timezone such as Africa/Lagos")]
    Timezone,
    #[error("must be a date from 2000 to 2100 such as 2026-04-15")]
    Date,
    #[error("must not be before {0}")]
    BeforeField(&'static str),
    /// The date must stay in this period, from which the invoice number was drawn.
    #[error("must stay in {period}, the {} of the invoice number", span(period))]
    OtherPeriod { period: String },
    #[error("must be a whole number from {min} to {max}")]
    Integer { min: u64, max: u64 },
    #[error("must be between {min} and {max}")]
    Between { min: &'static str, max: &'static str },
    #[error("must be greater than 0")]
    Positive,
    #[error("is too large")]
    TooLarge,
    #[error("must have {}", decimals(*max))]
    Decimals { max: u32 },
    #[error("must not add up to less than 0")]
    NegativeTotal,
    /// Two sums that should be equal.
    #[error("is {given} but the items add up to {computed}")]
    SumDiffers { given: String, computed: String },
    /// More than is due on the invoice.
    #[error("is more than the amount due, {0}")]
    MoreThanDue(Money),
    /// More than is left to credit on the invoice.
    #[error("is more than is left to credit, {0}")]
    MoreThanLeft(Money),
    #[error("must have at most {max} entries")]
    TooManyItems { max: usize },
    /// An invalid Idempotency-Key.
    #[error("must be 1 to 255 visible ASCII characters")]
    RequestKey,
    /// Does not exist in this account.
    #[error("does not exist")]
    Unknown,
    #[error("belongs to another client")]
    OtherClient,
    #[error("is taken already")]
    Taken,
    #[error("must contain only letters, numbers, underscores and hyphens")]
    Username,
    /// FreelanceHub's password rule: upper case, lower case, digit and special character.
    #[error(
        "must contain at least one uppercase letter, one lowercase letter, one number, \
         and one special character"
    )]
    PasswordClasses,
    /// FreelanceHub Auth's password rule, a pattern in its document.
    #[error(
        "must contain a lowercase letter, a number and one of @$!%*?&, and begin with a \
         letter, a number or one of these"
    )]
    PasswordPattern,
    #[error("is too common: choose another")]
    PasswordCommon,
    #[error("must be a phone number in E.164 form such as +94701234567")]
    Phone,
    #[error("must be a date in the past such as 1990-01-15")]
    PastDate,
    #[error("must be an http or https URL")]
    Url,
    #[error("must be exactly 6 digits")]
    Otp,
    #[error("must be a longitude and a latitude such as [79.8612, 6.9271]")]
    Coordinates,
    #[error("must be true or false")]
    NotBoolean,
    #[error("must not be given twice")]
    Duplicate,
    /// A short word such as `github`.
    #[error("must be a word of 1 to 30 lowercase letters, numbers and hyphens")]
    ShortWord,
    #[error("must be a PNG, JPEG or WebP picture")]
    Picture,
    /// It starts like a picture but cannot be decoded completely.
    #[error("is damaged and cannot be read")]
    BrokenPicture,
    #[error("must be at most {mib} MiB")]
    FileTooLarge { mib: usize },
    #[error("must have at most {megapixels} million pixels")]
    TooManyPixels { megapixels: u64 },
    #[error("must be {0}, the currency of the proposal")]
    ProposalCurrency(&'static str),
    #[error("must be another currency than {0}")]
    SameCurrency(&'static str),
    #[error("must not lie in the future")]
    FutureDate,
    #[error("is not the password of this account")]
    WrongPassword,
    #[error("is wrong or was used before")]
    WrongCode,
    /// An authenticator code for a time this many minutes ahead of the server's clock; negative if
    /// behind.
    #[error(
        "fits a clock that is about {} the server's: set the clock of your device, or have that \
         of the server set, and enter a new code",
        difference(*minutes)
    )]
    OtherTime { minutes: i64 },
    #[error("is not the email of this account")]
    OtherEmail,
    /// The pattern of invoice numbers.
    #[error(
        "must have one run of N such as {{NNN}}, and beside it only {{YYYY}}, {{YY}}, {{MM}}, \
         {{MMM}}, {{Q}}, letters, digits, spaces and - / . _ #"
    )]
    NumberPattern,
    /// The pattern names a month or a quarter, but no year.
    #[error("must name the year, {{YYYY}} or {{YY}}, or the same numbers would come again")]
    RepeatedNumber,
    #[error("must be an ISO 3166-1 country code such as NG")]
    Country,
    #[error("must be a Peppol participant such as 0192:991825827")]
    PeppolId,
    #[error("must be an IBAN with valid check digits, such as DE02120300000000202051")]
    Iban,
    #[error("must be a BIC of 8 or 11 characters such as BYLADEM1001")]
    Bic,
    #[error("must be a UPI ID such as okafor@okbank")]
    Vpa,
    #[error("must be a color such as #0b5c46")]
    Color,
    /// Only one of the two may be given.
    #[error("must not be given beside {0}")]
    Beside(&'static str),
    #[error("must not be more than {0}")]
    MoreThan(String),
    #[error("must be 0 in the category {category}")]
    ZeroRate { category: &'static str },
    /// Only a line that adds to the total can be discounted.
    #[error("needs a line of more than 0")]
    DiscountOfNothing,
    #[error("needs items")]
    NeedsItems,
    /// A text of the freelancer has a variable that nothing fills in.
    #[error("has the unknown variable {{{0}}}")]
    UnknownVariable(String),
    /// A late fee on a step that is not after the due date.
    #[error("needs a step after the due date")]
    NotLate,
}

fn decimals(max: u32) -> String {
    match max {
        0 => "no decimals in this currency".to_owned(),
        max => format!("at most {max} decimals"),
    }
}

/// The word for a period such as `2026-Q2`.
pub fn span(period: &str) -> &'static str {
    match period.len() {
        4 => "year",
        _ if period.contains('Q') => "quarter",
        _ => "month",
    }
}

fn difference(minutes: i64) -> String {
    let (count, s) = (minutes.abs(), if minutes.abs() == 1 { "" } else { "s" });
    let side = if minutes > 0 { "ahead of" } else { "behind" };
    format!("{count} minute{s} {side}")
}
