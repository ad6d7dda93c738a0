//! Broken rules in the words of the pages, which stand below the field they speak of.

use crate::domain::{
    error::{Error, Kind, Result},
    rule::Rule,
};

/// What is wrong with a field, as one sentence.
pub fn say(rule: &Rule) -> String {
    let said = match rule {
        Rule::Required | Rule::Empty => "Please fill this in.",
        Rule::Email => "This is no e-mail address. It looks like name@example.com.",
        Rule::NotNumber => "Please type a number, such as 1250.50.",
        Rule::OneOf(_) => "Please choose one of the list.",
        Rule::Unknown => "Please choose one of the list; this one is not there any more.",
        Rule::OtherClient => "This belongs to another client.",
        Rule::Currency => "Please choose a currency, such as NGN or USD.",
        Rule::Timezone => "Please choose a timezone, such as Africa/Lagos.",
        Rule::Date => "Please give a day from 2000 to 2100, such as 2026-04-15.",
        Rule::BeforeField("issueDate") => "This lies before the day of issue.",
        Rule::PasswordClasses => {
            "Use at least one small and one capital letter, one digit and one other character."
        }
        Rule::PasswordCommon => {
            "This is among the passwords that are tried first. Please choose another."
        }
        Rule::Username => "Only letters, digits, _ and - can stand here.",
        Rule::Phone => "Please write it with the country's code, such as +94701234567.",
        Rule::Url => "Please give an address that begins with https:// or http://.",
        Rule::WrongPassword => "This is not your password.",
        Rule::WrongCode => "This code is wrong, or was used before.",
        Rule::OtherEmail => "This is not the e-mail address of your account.",
        Rule::Otp => "The code has 6 digits.",
        Rule::Duplicate => "One of these is given twice.",
        Rule::ShortWord => "Please use one short word of small letters, such as live.",
        Rule::Taken => "Somebody else has this already. Please choose another.",
        Rule::Picture => "Please choose a PNG, JPEG or WebP picture.",
        Rule::BrokenPicture => "This picture is damaged. Please choose another.",
        Rule::NegativeTotal => "The lines add up to less than nothing.",
        _ => return format!("This {rule}."),
    };
    said.to_owned()
}

/// Why something could not be done, as one sentence.
///
/// # Errors
///
/// The error itself, where it is no answer to the reader.
pub fn sentence(error: Error) -> Result<String> {
    match error.kind() {
        Kind::Conflict
        | Kind::Stale
        | Kind::Unsaved
        | Kind::Forbidden
        | Kind::TooMany(_)
        | Kind::Unavailable { .. }
        | Kind::Unwritable => Ok(format!("{}.", error.message())),
        _ => Err(error),
    }
}
