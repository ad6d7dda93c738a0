//! Email: the outbox and its delivery.

mod proposal;
mod resend;
mod smtp;

use std::{fs, path::PathBuf, sync::Arc};

use freelanceos::{
    domain::{id::Id, job::JobKind, mail::QueuedMail},
    mail::{courier::Courier, message::Sender},
    store::{
        engine::{Connection, Tx},
        jobs,
    },
};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;

use crate::support::{Options, TestApp, content, spawn_app, spawn_app_with};

/// Registers an account that must verify its email address, which mails a code.
async fn register(app: &TestApp, email: &str, first_name: &str) {
    let body = json!({
        "firstName": first_name, "lastName": "Perera", "email": email,
        "password": "securepass1!", "role": "freelancer",
    });
    let answer = app.send(app.request(Method::POST, "/auth/register").json(&body)).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.body);
}

/// The rows of the outbox.
async fn mails(app: &TestApp) -> Vec<QueuedMail> {
    app.app.list_mail(true).await.unwrap()
}

async fn only_mail(app: &TestApp) -> QueuedMail {
    let mails = mails(app).await;
    let [queued] = &mails[..] else { panic!("{mails:?}") };
    queued.clone()
}

/// Whether the database contains this text anywhere.
fn database_holds(app: &TestApp, text: impl AsRef<[u8]>) -> bool {
    content::holds(app.database(), text)
}

/// A courier that cannot deliver anything while a file is in the place of its folder.
fn blocked() -> (TempDir, PathBuf, Arc<Courier>) {
    let place = TempDir::new().unwrap();
    let folder = place.path().join("mail");
    fs::write(&folder, "in the way").unwrap();
    let courier = Courier::folder(folder.clone(), Sender::of_host("localhost").unwrap());
    (place, folder, Arc::new(courier))
}

#[tokio::test]
async fn a_registration_mails_its_code_in_every_script() {
    let app = spawn_app().await;
    register(&app, "kamala@example.com", "කමලා").await;
    let mails = app.mails().await;
    let [mail] = &mails[..] else { panic!("{mails:?}") };
    assert_eq!(mail.to(), "kamala@example.com");
    assert_eq!(mail.header("From"), "FreelanceOS <no-reply@localhost>");
    assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
    assert_eq!(mail.header("Date"), "Wed, 18 Mar 2026 12:00:00 +0000");
    let id = only_mail(&app).await.id;
    assert_eq!(mail.header("Message-ID"), format!("<{id}@localhost>"));
    assert!(mail.raw.is_ascii(), "{}", mail.raw);
    for part in [&mail.text, &mail.html] {
        assert!(part.contains("Hello කමලා,"), "{part}");
        assert!(part.contains(mail.code()) && part.contains("10 minutes"), "{part}");
    }
    assert!(!mail.header("Subject").contains(mail.code()));
}

#[tokio::test]
async fn the_database_never_contains_the_text_of_an_email() {
    let app = spawn_app().await;
    register(&app, "kamala@example.com", "Kamala").await;
    let queued = only_mail(&app).await;
    assert!(queued.sealed.is_some() && queued.waits());
    assert!(!format!("{:?}", queued.subject).contains("Kamala"));
    assert!(database_holds(&app, "kamala@example.com"), "it is the right one");
    assert!(!database_holds(&app, "Hello Kamala"));

    let mails = app.mails().await;
    let queued = only_mail(&app).await;
    assert_eq!(queued.sealed, None, "the body is erased once it is delivered");
    assert_eq!(queued.delivered_at, Some(app.app.now()));
    assert_eq!((queued.tries, queued.last_error.as_deref()), (1, None));
    assert!(!database_holds(&app, mails[0].code()));
    assert!(!database_holds(&app, "Hello Kamala"));
}

#[tokio::test]
async fn email_files_are_private_and_complete() {
    use std::os::unix::fs::PermissionsExt;
    let app = spawn_app().await;
    register(&app, "kamala@example.com", "Kamala").await;
    app.mails().await;
    let mode = |path: &PathBuf| path.metadata().unwrap().permissions().mode() & 0o777;
    let folder = app.mail_folder();
    assert_eq!(mode(&folder), 0o700);
    let files: Vec<PathBuf> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [file] = &files[..] else { panic!("{files:?}") };
    assert_eq!(mode(file), 0o600);
    let name = file.file_name().unwrap().to_str().unwrap();
    let id = only_mail(&app).await.id;
    assert_eq!(name, format!("20260318T120000Z-{id}.eml"));
}

#[tokio::test]
async fn a_failed_email_is_retried_with_growing_pauses() {
    let (_place, folder, courier) = blocked();
    let app = spawn_app_with(Options { courier: Some(courier), ..Options::default() }).await;
    register(&app, "kamala@example.com", "Kamala").await;
    let created = app.app.now();
    let mut expected = 5;
    for tries in 1..=4 {
        let round = app.deliver_mail().await;
        assert_eq!(round.due, 1, "try {tries}");
        let queued = only_mail(&app).await;
        assert!(queued.waits() && queued.sealed.is_some());
        assert_eq!(queued.tries, tries);
        assert_eq!(queued.due_at.unwrap().duration_since(app.app.now()).as_secs(), expected);
        assert!(queued.last_error.unwrap().contains("cannot be written"));
        assert_eq!(round.next, queued.due_at);
        // Not a second earlier.
        app.clock.advance(SignedDuration::from_secs(expected - 1));
        assert_eq!(app.deliver_mail().await.due, 0);
        app.clock.advance(SignedDuration::from_secs(1));
        expected *= 2;
    }
    fs::remove_file(&folder).unwrap();
    let round = app.deliver_mail().await;
    assert_eq!((round.due, round.next), (1, None));
    let queued = only_mail(&app).await;
    assert_eq!((queued.tries, queued.delivered_at), (5, Some(app.app.now())));
    assert_eq!((queued.last_error, queued.sealed), (None, None));
    // Delivered late, but with its original date and name.
    let name = format!("{}-{}.eml", created.strftime("%Y%m%dT%H%M%SZ"), queued.id);
    assert!(folder.join(name).exists());
}

#[tokio::test]
async fn an_email_is_given_up_after_a_day_and_its_text_erased() {
    let (_place, folder, courier) = blocked();
    let app = spawn_app_with(Options { courier: Some(courier), ..Options::default() }).await;
    register(&app, "kamala@example.com", "Kamala").await;
    let start = app.app.now();
    while let Some(next) = app.deliver_mail().await.next {
        app.clock.advance(next.duration_since(app.app.now()));
    }
    assert_eq!(app.app.now().duration_since(start), SignedDuration::from_hours(24));
    let queued = only_mail(&app).await;
    assert_eq!(queued.failed_at, Some(app.app.now()));
    assert_eq!(queued.sealed, None);
    assert!(queued.last_error.unwrap().contains("cannot be written"));
    assert!(queued.tries > 50, "{}", queued.tries);

    fs::remove_file(&folder).unwrap();
    let refused = app.app.retry_mail(queued.id).await.unwrap_err();
    assert!(refused.to_string().contains("its text was erased"), "{refused}");
    assert_eq!(app.app.retry_all_mail().await.unwrap(), 0);
    assert_eq!(app.deliver_mail().await.due, 0);
}

#[tokio::test]
async fn a_sleeping_machine_or_a_wrong_clock_gives_no_email_up() {
    let days = |days: i64| SignedDuration::from_hours(24 * days);
    // How the clock moves before the first try, after it, and after the second.
    for (name, moves) in [
        ("asleep for three days", [days(0), days(3), days(0)]),
        ("asleep for a day, twice", [days(1), days(1), days(1)]),
        ("ahead at first", [days(0), -days(40), days(0)]),
        ("ahead for a while", [days(0), days(40), -days(40)]),
        ("behind at first", [days(400), days(0), days(0)]),
    ] {
        let (_place, folder, courier) = blocked();
        let app = spawn_app_with(Options { courier: Some(courier), ..Options::default() }).await;
        register(&app, "kamala@example.com", "Kamala").await;
        for moved in moves {
            app.clock.advance(moved);
            app.deliver_mail().await;
            app.app.retry_all_mail().await.unwrap();
            let queued = only_mail(&app).await;
            assert!(queued.waits() && queued.sealed.is_some(), "{name}: {queued:?}");
        }
        fs::remove_file(&folder).unwrap();
        app.deliver_mail().await;
        assert!(only_mail(&app).await.delivered_at.is_some(), "{name}");
    }
}

#[tokio::test]
async fn waiting_mail_can_be_retried_at_once() {
    let (_place, folder, courier) = blocked();
    let app = spawn_app_with(Options { courier: Some(courier), ..Options::default() }).await;
    register(&app, "a@example.com", "Ada").await;
    register(&app, "b@example.com", "Ben").await;
    app.deliver_mail().await;
    fs::remove_file(&folder).unwrap();
    assert_eq!(app.deliver_mail().await.due, 0);
    let waiting = app.app.list_mail(false).await.unwrap();
    app.app.retry_mail(waiting[0].id).await.unwrap();
    assert_eq!(app.deliver_mail().await.due, 1);
    assert_eq!(app.app.list_mail(false).await.unwrap().len(), 1);
    assert!(app.app.retry_mail(waiting[0].id).await.is_err(), "it has been delivered");
    assert!(app.app.retry_mail(Id::NIL).await.is_err());
    assert_eq!(app.app.retry_all_mail().await.unwrap(), 1);
    assert_eq!(app.deliver_mail().await.due, 1);
    assert!(app.app.list_mail(false).await.unwrap().is_empty());
    assert_eq!(mails(&app).await.len(), 2);
}

#[tokio::test]
async fn two_concurrent_rounds_deliver_an_email_once() {
    let app = spawn_app().await;
    register(&app, "kamala@example.com", "Kamala").await;
    let rounds = tokio::join!(app.deliver_mail(), app.deliver_mail());
    assert!(rounds.0.due + rounds.1.due > 0);
    assert_eq!(only_mail(&app).await.tries, 1);
}

#[tokio::test]
async fn a_delivery_without_a_recorded_outcome_is_retried() {
    let app = spawn_app().await;
    register(&app, "kamala@example.com", "Kamala").await;
    let id = only_mail(&app).await.id;
    let now = app.app.now();
    // As after a power failure during a delivery.
    let until = now + SignedDuration::from_secs(40);
    let claim =
        |c: &mut dyn Connection| jobs::claim(&mut Tx::new(c), JobKind::Mail, id, now, until);
    assert!(app.database().change(claim).unwrap().is_some());
    assert!(app.mails().await.is_empty());
    app.clock.advance(SignedDuration::from_secs(40));
    assert_eq!(app.mails().await.len(), 1);
    assert_eq!(only_mail(&app).await.tries, 2);
}

#[tokio::test]
async fn delivered_mail_is_deleted_after_a_month() {
    let app = spawn_app().await;
    register(&app, "kamala@example.com", "Kamala").await;
    app.mails().await;
    app.clock.advance(SignedDuration::from_hours(30 * 24));
    app.app.sweep().await.unwrap();
    assert_eq!(mails(&app).await.len(), 1);
    register(&app, "waiting@example.com", "Ben").await;
    app.clock.advance(SignedDuration::from_hours(31 * 24));
    app.app.sweep().await.unwrap();
    let queued = only_mail(&app).await;
    assert_eq!((queued.to.as_str(), queued.waits()), ("waiting@example.com", true));
}
