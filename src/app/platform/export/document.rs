//! An account as one JSON document. Keys have a fixed order, each row takes one line, amounts are
//! exact decimals next to their currency, and dates and instants are ISO 8601.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Reader, id_of};
use crate::{
    app::App,
    domain::{
        date::JsonTime,
        error::{Error, Result},
        id::AccountId,
    },
    store::{
        self,
        engine::Tx,
        export::{self, Cursor, Fields, Section},
    },
};

/// A key of the document.
enum Part {
    /// One value.
    Whole(fn(&mut Tx, AccountId) -> Result<Value>),
    /// A list; each row may be completed with more fields.
    Rows(&'static Section, fn(&mut Tx, &mut Fields) -> Result<()>),
}

const PARTS: &[(&str, Part)] = &[
    ("account", Part::Whole(account)),
    ("invoiceDefaults", Part::Whole(invoice_defaults)),
    ("mailSettings", Part::Whole(mail_settings)),
    ("paymentProviders", Part::Whole(providers)),
    ("taxes", Part::Rows(&export::TAXES, leave)),
    ("clients", Part::Rows(&export::CLIENTS, leave)),
    ("projects", Part::Rows(&export::PROJECTS, leave)),
    ("milestones", Part::Rows(&export::MILESTONES, leave)),
    ("proposals", Part::Rows(&export::PROPOSALS, leave)),
    ("invoices", Part::Rows(&export::INVOICES, fill_invoice)),
    ("creditNotes", Part::Rows(&export::CREDIT_NOTES, leave)),
    ("checkouts", Part::Rows(&export::checkout::CHECKOUTS, leave)),
    ("reminderSettings", Part::Whole(reminder_settings)),
    ("reminders", Part::Rows(&export::reminder::REMINDERS, leave)),
    ("exchangeRates", Part::Whole(exchange_rates)),
    ("profile", Part::Whole(profile)),
    ("portfolio", Part::Rows(&export::PORTFOLIO, leave)),
    ("messages", Part::Rows(&export::MESSAGES, leave)),
    ("activity", Part::Rows(&export::ACTIVITY, leave)),
];

/// A document in progress.
pub struct Document {
    made_at: Timestamp,
    /// The next part to write; past the last one, the end of the document.
    part: usize,
    /// The position in the list of this part, once it has begun.
    cursor: Option<Cursor>,
}

impl Document {
    pub fn new(made_at: Timestamp) -> Self {
        Self { made_at, part: 0, cursor: None }
    }

    pub async fn next(&mut self, app: &App, reader: Reader) -> Result<Option<Vec<u8>>> {
        let Some((key, part)) = PARTS.get(self.part) else {
            let end = (self.part == PARTS.len()).then(|| b"\n}\n".to_vec());
            self.part = PARTS.len() + 1;
            return Ok(end);
        };
        let mut text = String::new();
        if self.part == 0 {
            text.push_str(&format!(
                "{{\n\"exportedAt\": \"{}\"",
                JsonTime::of_instant(self.made_at)
            ));
        }
        match part {
            Part::Whole(read) => {
                let value = reader.read(app, read).await?;
                text.push_str(&format!(",\n\"{key}\": {value}"));
                self.part += 1;
            }
            Part::Rows(section, fill) => {
                let is_first = self.cursor.is_none();
                let after = self.cursor.take().unwrap_or(Cursor::Start);
                let (rows, next) = reader
                    .read(app, move |tx, account| {
                        let (mut rows, next) = export::page(tx, section, account, &after)?;
                        rows.iter_mut().try_for_each(|row| fill(tx, row))?;
                        Ok((rows, next))
                    })
                    .await?;
                if is_first {
                    text.push_str(&format!(",\n\"{key}\": ["));
                }
                for (index, row) in rows.iter().enumerate() {
                    text.push_str(if is_first && index == 0 { "\n" } else { ",\n" });
                    text.push_str(&serde_json::to_string(row).map_err(Error::internal)?);
                }
                if next.is_none() {
                    text.push_str(if is_first && rows.is_empty() { "]" } else { "\n]" });
                    self.part += 1;
                }
                self.cursor = next;
            }
        }
        Ok(Some(text.into_bytes()))
    }
}

fn leave(_: &mut Tx, _: &mut Fields) -> Result<()> {
    Ok(())
}

fn fill_invoice(tx: &mut Tx, invoice: &mut Fields) -> Result<()> {
    let id = id_of(invoice);
    invoice.insert("items".to_owned(), export::items(tx, id)?.into());
    invoice.insert("payments".to_owned(), export::payments(tx, id)?.into());
    Ok(())
}

fn instant(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| JsonTime::of_instant(at).to_string())
}

fn account(tx: &mut Tx, id: AccountId) -> Result<Value> {
    let account = store::account::find(tx, id)?;
    let location = account.location.as_ref().map(|place| {
        json!({
            "country": place.country,
            "city": place.city,
            "longitude": place.coordinates.map(|point| point.longitude.to_string()),
            "latitude": place.coordinates.map(|point| point.latitude.to_string()),
        })
    });
    Ok(json!({
        "id": account.id.to_string(),
        "email": account.email,
        "emailVerifiedAt": instant(account.email_verified_at),
        "firstName": account.first_name,
        "lastName": account.last_name,
        "username": account.username,
        "role": account.role.as_str(),
        "currency": account.currency.code(),
        "timezone": account.zone.name(),
        "dateFormat": account.date_format.as_str(),
        "avatar": account.avatar,
        "phone": account.phone,
        "location": location,
        "dateOfBirth": account.date_of_birth.map(|day| day.to_string()),
        "lastLoginAt": instant(account.last_login_at),
        "createdAt": instant(Some(account.created_at)),
        "updatedAt": instant(Some(account.updated_at)),
    }))
}

fn invoice_defaults(tx: &mut Tx, account: AccountId) -> Result<Value> {
    Ok(export::invoice_defaults(tx, account)?.map_or(Value::Null, Value::Object))
}

fn mail_settings(tx: &mut Tx, account: AccountId) -> Result<Value> {
    let settings = export::mail_settings::mail_settings(tx, account)?;
    Ok(settings.map_or(Value::Null, Value::Object))
}

fn reminder_settings(tx: &mut Tx, account: AccountId) -> Result<Value> {
    Ok(export::reminder::settings(tx, account)?.map_or(Value::Null, Value::Object))
}

fn providers(tx: &mut Tx, account: AccountId) -> Result<Value> {
    let providers = export::checkout::providers(tx, account)?;
    Ok(Value::Array(providers.into_iter().map(Value::Object).collect()))
}

fn exchange_rates(tx: &mut Tx, account: AccountId) -> Result<Value> {
    let rates = store::exchange_rate::list_days(tx, account)?;
    let rates = rates.iter().map(|rate| {
        Ok(json!({
            "day": rate.day.to_string(),
            "from": rate.from.code(),
            "to": rate.into.code(),
            "rate": export::exact(rate.rate)?,
        }))
    });
    rates.collect::<Result<Vec<_>>>().map(Value::Array)
}

fn profile(tx: &mut Tx, account: AccountId) -> Result<Value> {
    let profile = store::profile::find(tx, account)?;
    let rate = profile.hourly_rate.map(|rate| -> Result<Value> {
        Ok(json!({"amount": export::exact(rate.decimal())?, "currency": rate.currency.code()}))
    });
    Ok(json!({
        "title": profile.title,
        "bio": profile.bio,
        "hourlyRate": rate.transpose()?,
        "skills": profile.skills,
        "availability": profile.availability.map(|word| word.as_str()),
        "experience": profile.experience.map(|word| word.as_str()),
    }))
}
