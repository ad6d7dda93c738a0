//! `freelanceos admin list-mail` and `retry-mail`.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Failure, Outcome, terminal, with_app};
use crate::{
    config::Location,
    domain::{
        date::JsonTime,
        error::Kind,
        id::{Id, MailId},
        mail::QueuedMail,
    },
};

pub fn list(location: &Location, as_json: bool, all: bool) -> Outcome {
    let letters = with_app(location, async |app| Ok(app.list_mail(all).await?))?;
    if as_json {
        return terminal::print_json(&letters.iter().map(in_json).collect());
    }
    let rows: Vec<[String; 7]> = letters
        .iter()
        .map(|letter| {
            [
                letter.id.to_string(),
                state(letter).to_owned(),
                letter.kind.as_str().to_owned(),
                letter.to.clone(),
                letter.tries.to_string(),
                letter.due_at.map(time).unwrap_or_default(),
                letter.last_error.clone().unwrap_or_default(),
            ]
        })
        .collect();
    terminal::print_table(["ID", "STATE", "KIND", "TO", "TRIES", "NEXT TRY", "LAST ERROR"], &rows)
}

pub fn retry(location: &Location, id: Option<String>) -> Outcome {
    let due = with_app(location, async |app| match id {
        None => Ok(app.retry_all_mail().await?),
        Some(text) => {
            let id = MailId::parse(&text);
            let unknown =
                || Failure::Failed(format!("no mail has the id {text}; see admin list-mail --all"));
            if id == Id::NIL {
                return Err(unknown());
            }
            match app.retry_mail(id).await {
                Err(error) if *error.kind() == Kind::NotFound => Err(unknown()),
                Err(error) => Err(error.into()),
                Ok(()) => Ok(1),
            }
        }
    })?;
    terminal::print(&format!(
        "mails to be tried at once: {due}; a running server does so within half a minute\n"
    ))
}

fn state(letter: &QueuedMail) -> &'static str {
    match (letter.delivered_at, letter.failed_at) {
        (Some(_), _) if letter.file_name.is_some() => "saved",
        (Some(_), _) => "delivered",
        (None, Some(_)) => "given up",
        (None, None) => "waiting",
    }
}

fn time(at: Timestamp) -> String {
    JsonTime::of_instant(at).to_string()
}

fn in_json(letter: &QueuedMail) -> Value {
    json!({
        "id": letter.id.to_string(),
        "state": state(letter),
        "kind": letter.kind.as_str(),
        "to": letter.to,
        "subject": letter.subject,
        "tries": letter.tries,
        "nextTryAt": letter.due_at.map(time),
        "lastError": letter.last_error,
        "createdAt": time(letter.created_at),
        "deliveredAt": letter.delivered_at.map(time),
        "fileName": letter.file_name,
        "failedAt": letter.failed_at.map(time),
    })
}
