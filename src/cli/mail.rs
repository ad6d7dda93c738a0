//! `freelanceos admin list-mail` and `retry-mail`.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Outcome, terminal, with_app};
use crate::{
    config::Location,
    domain::{date::JsonTime, error::Kind, id::MailId, mail::QueuedMail},
};

pub fn list(location: &Location, as_json: bool, all: bool) -> Outcome {
    let mails = with_app(location, async |app| Ok(app.list_mail(all).await?))?;
    if as_json {
        return terminal::print_json(&mails.iter().map(in_json).collect());
    }
    let rows: Vec<[String; 7]> = mails
        .iter()
        .map(|queued| {
            [
                queued.id.to_string(),
                state(queued).to_owned(),
                queued.kind.as_str().to_owned(),
                queued.to.clone(),
                queued.tries.to_string(),
                queued.due_at.map(time).unwrap_or_default(),
                queued.last_error.clone().unwrap_or_default(),
            ]
        })
        .collect();
    terminal::print_table(["ID", "STATE", "KIND", "TO", "TRIES", "NEXT TRY", "LAST ERROR"], &rows)
}

pub fn retry(location: &Location, id: Option<String>) -> Outcome {
    let due = with_app(location, async |app| match id {
        None => Ok(app.retry_all_mail().await?),
        Some(id) => match app.retry_mail(MailId::parse(&id)).await {
            Err(error) if *error.kind() == Kind::NotFound => {
                Err(format!("no email has the id {id}; see admin list-mail --all").into())
            }
            retried => Ok(retried.map(|()| 1)?),
        },
    })?;
    terminal::print(&format!(
        "emails to retry now: {due}; a running server does so within half a minute\n"
    ))
}

fn state(queued: &QueuedMail) -> &'static str {
    match (queued.delivered_at, queued.failed_at) {
        (Some(_), _) if queued.file_name.is_some() => "saved",
        (Some(_), _) => "delivered",
        (None, Some(_)) => "failed",
        (None, None) => "waiting",
    }
}

fn time(at: Timestamp) -> String {
    JsonTime::of_instant(at).to_string()
}

fn in_json(queued: &QueuedMail) -> Value {
    json!({
        "id": queued.id.to_string(),
        "state": state(queued),
        "kind": queued.kind.as_str(),
        "to": queued.to,
        "subject": queued.subject,
        "tries": queued.tries,
        "nextTryAt": queued.due_at.map(time),
        "lastError": queued.last_error,
        "createdAt": time(queued.created_at),
        "deliveredAt": queued.delivered_at.map(time),
        "fileName": queued.file_name,
        "failedAt": queued.failed_at.map(time),
    })
}
