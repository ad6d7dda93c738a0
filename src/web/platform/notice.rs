//! `/notices`: what others or the program did, and which of it an account is told.

use askama::Template;
use poem::{Response, http::StatusCode};

use crate::{
    app::{
        notice::{
            find_notifications, list_notices, read_notices, see_notices, update_notifications,
        },
        unit_of_work::Work,
    },
    domain::{
        error::Result,
        id::ActivityId,
        input::Input,
        notice::{
            Channel, Notice, NoticeFilter, NoticeKind, NoticesRead, Notifications,
            NotificationsChange,
        },
        page::Listing,
    },
    locale::{Text, t},
    web::{
        days::Days,
        fields::Fields,
        log,
        page::answer,
        pager::{self, Pager},
        settings::Tab,
        shell::{Section, Shell},
        visit::Visit,
    },
};

#[derive(Template)]
#[template(path = "pages/notice/list.html")]
struct List {
    shell: Shell,
    days: Days,
    notices: Listing<Notice>,
    /// The newest one that this page shows.
    newest: Option<ActivityId>,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "pages/settings/notifications.html")]
struct Settings {
    shell: Shell,
    tab: Tab,
    notifications: Notifications,
}

/// Lists the notices, newest first, and records that they were seen.
pub async fn list(visit: Visit) -> Result<Response> {
    let filter = NoticeFilter::read(&pager::sized(&visit.query()))?;
    let notices = visit.read(move |work| list_notices(work, &filter)).await?;
    let mut shell = visit.shell(Section::Notices);
    let shown = |notice: Option<&Notice>| notice.map(|notice| notice.entry.id);
    let ends = shown(notices.entries.first()).zip(shown(notices.entries.last()));
    if let Some((first, last)) = ends
        && notices.entries.iter().any(|notice| notice.is_unread)
    {
        let see = move |work: &mut Work| see_notices(work, first, last);
        shell.notices = visit.app.run(visit.claims, see).await?;
    }
    let page = List {
        shell,
        days: Days::of(&visit)?,
        newest: ends.map(|(first, _)| first),
        pager: Pager::new(&visit.request, &notices),
        notices,
    };
    Ok(answer(StatusCode::OK, &page))
}

/// Records that a notice and all older ones were read.
pub async fn read(visit: Visit, fields: Fields) -> Result<Response> {
    let read = NoticesRead::read(&fields)?;
    visit.app.run(visit.claims, move |work| read_notices(work, &read)).await?;
    Ok(visit.done("/notices", t("notice-all-read")))
}

/// Shows which notices the account gets.
pub async fn settings(visit: Visit) -> Result<Response> {
    let notifications = visit.read(find_notifications).await?;
    let shell = visit.shell(Section::Settings);
    Ok(answer(StatusCode::OK, &Settings { shell, tab: Tab::Notifications, notifications }))
}

/// Changes which notices the account gets: those that are ticked.
pub async fn update(visit: Visit, fields: Fields) -> Result<Response> {
    let all = NoticeKind::all().flat_map(|kind| channels().map(move |on| name(&kind, &on)));
    // A box without a tick is not sent.
    let told = all.fold(Fields::default(), |told, name| {
        let is_on = fields.get(&name) == "on";
        told.with(&name, if is_on { "on" } else { "" })
    });
    let change = NotificationsChange::read(&told)?;
    visit.app.run(visit.claims, move |work| update_notifications(work, &change)).await?;
    Ok(visit.done("/settings/notifications", t("settings-saved")))
}

fn channels() -> impl Iterator<Item = Channel> {
    [Channel::InApp, Channel::Email].into_iter()
}

/// Returns the name of a box.
fn name(kind: &NoticeKind, channel: &Channel) -> String {
    let kind = match kind {
        NoticeKind::ProposalAnswered => "proposalAnswered",
        NoticeKind::PaymentReceived => "paymentReceived",
        NoticeKind::PaymentHeld => "paymentHeld",
        NoticeKind::MessageReceived => "messageReceived",
        NoticeKind::MailFailed => "mailFailed",
    };
    match channel {
        Channel::InApp => format!("{kind}.inApp"),
        Channel::Email => format!("{kind}.email"),
    }
}

/// Returns the name of a channel.
fn channel_label(channel: &Channel) -> Text {
    match channel {
        Channel::InApp => t("notice-in-app"),
        Channel::Email => t("email"),
    }
}

/// Returns what a kind of notice is about.
fn label(kind: &NoticeKind) -> Text {
    match kind {
        NoticeKind::ProposalAnswered => t("notice-proposal-answered"),
        NoticeKind::PaymentReceived => t("notice-payment-received"),
        NoticeKind::PaymentHeld => t("notice-payment-held"),
        NoticeKind::MessageReceived => t("notice-message-received"),
        NoticeKind::MailFailed => t("notice-mail-failed"),
    }
}

impl Settings {
    fn is_on(&self, kind: &NoticeKind, channel: &Channel) -> bool {
        self.notifications.tells(*kind, *channel)
    }
}

impl List {
    fn entry(&self, notice: &Notice) -> log::Entry {
        log::entry(&notice.entry, &self.days)
    }
}
