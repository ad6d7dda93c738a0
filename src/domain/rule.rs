//! The rules a field can break. A rule carries facts, not text: three documents word it differently.

use std::{borrow::Cow, fmt};

/// One field that breaks one rule: the first that fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// As the caller wrote it: `email`, `items[2].rate`.
    pub field: Cow<'static, str>,
    pub rule: Rule,
}

/// A rule that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    Required,
    NotText,
    NotNumber,
    NotList,
    NotObject,
    Empty,
    TooShort {
        min: usize,
    },
    TooLong {
        max: usize,
    },
    ControlCharacters,
    /// Free text may hold any character but this one.
    Nul,
    Email,
    OneOf(&'static [&'static str]),
    Currency,
    Timezone,
    Date,
    /// The date lies before the date in that field.
    BeforeField(&'static str),
    /// The date must stay in that year, which the invoice number carries.
    OtherYear(i16),
    Integer {
        min: u64,
        max: u64,
    },
    Between {
        min: &'static str,
        max: &'static str,
    },
    Positive,
    TooLarge,
    Decimals {
        max: u32,
    },
    /// The invoice would be negative.
    NegativeTotal,
    /// Two sums that should be one.
    SumDiffers {
        given: String,
        computed: String,
    },
    TooManyItems {
        max: usize,
    },
    /// An Idempotency-Key that cannot be one.
    RequestKey,
    /// Names nothing that belongs to this account.
    Unknown,
    /// Names something of another client than the one it is for.
    OtherClient,
    /// Another has it already.
    Taken,
    /// Letters, digits, `_` and `-`.
    Username,
    /// A password of FreelanceHub: upper case, lower case, digit and special character.
    PasswordClasses,
    /// A password of FreelanceHub Auth, whose document gives a pattern.
    PasswordPattern,
    /// A password that anybody would try.
    PasswordCommon,
    Phone,
    PastDate,
    Url,
    /// A one-time password.
    Otp,
    Coordinates,
    NotBoolean,
    /// Stands in the list already.
    Duplicate,
    /// A short word such as `github`.
    ShortWord,
    /// A PNG, JPEG or WebP file.
    Picture,
    /// It begins like a picture, but cannot be read to its end.
    BrokenPicture,
    FileTooLarge {
        mib: usize,
    },
    TooManyPixels {
        megapixels: u64,
    },
    /// A rate leads from one currency to another than this.
    SameCurrency(&'static str),
    /// The day has not come yet.
    FutureDate,
    /// Not the password of the account.
    WrongPassword,
    /// Neither a code of the authenticator app nor a backup code, or used before.
    WrongCode,
    /// A code of the authenticator app, for a time that is so many minutes ahead of the server's
    /// clock; behind it, where less than 0.
    OtherTime {
        minutes: i64,
    },
    /// Not the e-mail of this account.
    OtherEmail,
    /// What invoice numbers begin with.
    InvoicePrefix,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rule::Required => write!(f, "is required"),
            Rule::NotText => write!(f, "must be a string"),
            Rule::NotNumber => write!(f, "must be a number"),
            Rule::NotList => write!(f, "must be an array"),
            Rule::NotObject => write!(f, "must be an object"),
            Rule::Empty => write!(f, "must not be empty"),
            Rule::TooShort { min } => write!(f, "must be at least {min} characters long"),
            Rule::TooLong { max } => write!(f, "must be at most {max} characters long"),
            Rule::ControlCharacters => {
                write!(f, "must be one line without control characters")
            }
            Rule::Nul => write!(f, "must not contain a NUL character"),
            Rule::Email => write!(f, "must be a valid email address"),
            Rule::OneOf(values) => write!(f, "must be one of {}", values.join(", ")),
            Rule::Currency => write!(f, "must be an ISO 4217 currency code such as USD"),
            Rule::Timezone => write!(f, "must be an IANA timezone such as Africa/Lagos"),
            Rule::Date => write!(f, "must be a date from 2000 to 2100 such as 2026-04-15"),
            Rule::BeforeField(other) => write!(f, "must not be before {other}"),
            Rule::OtherYear(year) => {
                write!(f, "must stay in {year}, the year of the invoice number")
            }
            Rule::Integer { min, max } => {
                write!(f, "must be a whole number from {min} to {max}")
            }
            Rule::Between { min, max } => write!(f, "must be between {min} and {max}"),
            Rule::Positive => write!(f, "must be greater than 0"),
            Rule::TooLarge => write!(f, "is too large"),
            Rule::Decimals { max: 0 } => write!(f, "must have no decimals in this currency"),
            Rule::Decimals { max } => write!(f, "must have at most {max} decimals"),
            Rule::NegativeTotal => write!(f, "must not add up to less than 0"),
            Rule::SumDiffers { given, computed } => {
                write!(f, "is {given} but the items add up to {computed}")
            }
            Rule::TooManyItems { max } => write!(f, "must have at most {max} entries"),
            Rule::RequestKey => write!(f, "must be 1 to 255 visible ASCII characters"),
            Rule::Unknown => write!(f, "does not exist"),
            Rule::OtherClient => write!(f, "belongs to another client"),
            Rule::Taken => write!(f, "is taken already"),
            Rule::Username => {
                write!(f, "must contain only letters, numbers, underscores and hyphens")
            }
            Rule::PasswordClasses => write!(
                f,
                "must contain at least one uppercase letter, one lowercase letter, one number, \
                 and one special character"
            ),
            Rule::PasswordPattern => write!(
                f,
                "must contain a lowercase letter, a number and one of @$!%*?&, and begin with a \
                 letter, a number or one of these"
            ),
            Rule::PasswordCommon => {
                write!(f, "is among the passwords that are tried first: choose another")
            }
            Rule::Phone => {
                write!(f, "must be a phone number in E.164 form such as +94701234567")
            }
            Rule::PastDate => write!(f, "must be a date in the past such as 1990-01-15"),
            Rule::Url => write!(f, "must be an http or https URL"),
            Rule::Otp => write!(f, "must be exactly 6 digits"),
            Rule::Coordinates => {
                write!(f, "must be a longitude and a latitude such as [79.8612, 6.9271]")
            }
            Rule::NotBoolean => write!(f, "must be true or false"),
            Rule::Duplicate => write!(f, "must not be given twice"),
            Rule::ShortWord => {
                write!(f, "must be a word of 1 to 30 lowercase letters, numbers and hyphens")
            }
            Rule::SameCurrency(code) => write!(f, "must be another currency than {code}"),
            Rule::FutureDate => write!(f, "must not lie in the future"),
            Rule::WrongPassword => write!(f, "is not the password of this account"),
            Rule::WrongCode => write!(f, "is wrong or was used before"),
            Rule::OtherTime { minutes } => {
                let (count, s) = (minutes.abs(), if minutes.abs() == 1 { "" } else { "s" });
                let side = if *minutes > 0 { "ahead of" } else { "behind" };
                write!(
                    f,
                    "fits a clock that is about {count} minute{s} {side} the server's: set the \
                     clock of your device, or have that of the server set, and enter a new code"
                )
            }
            Rule::OtherEmail => write!(f, "is not the email of this account"),
            Rule::Picture => write!(f, "must be a PNG, JPEG or WebP picture"),
            Rule::BrokenPicture => write!(f, "is damaged and cannot be read"),
            Rule::FileTooLarge { mib } => write!(f, "must be at most {mib} MiB"),
            Rule::TooManyPixels { megapixels } => {
                write!(f, "must have at most {megapixels} million pixels")
            }
            Rule::InvoicePrefix => {
                write!(f, "must be 1 to 12 letters, digits and hyphens, with no hyphen at its ends")
            }
        }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.rule)
    }
}
