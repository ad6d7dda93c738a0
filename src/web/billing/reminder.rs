//! `/settings/reminders`: whether and when clients are reminded. `/reminders`: what was sent, and
//! what was not.

use askama::Template;
use poem::{Response, http::StatusCode};

use crate::{
    app::{
        reminder::{
            add_step, delete_step, find_reminder_settings, find_step, list_reminders, replace_step,
            set_invoice_reminders, update_reminders,
        },
        unit_of_work::Work,
    },
    domain::{
        error::{Error, Kind, Result},
        input::{Input, Scalar},
        invoice::InvoiceRecord,
        page::Listing,
        reminder::{
            ProposalReminderChange, Reminder, ReminderFilter, ReminderSettings,
            ReminderSettingsChange, ReminderStep, RemindersChange, SkipReason, StepDays, VARIABLES,
            usual_text,
        },
    },
    locale::{Html, Text, html, t},
    web::{
        choice::Choices,
        days::Days,
        editing::Editing,
        fields::Fields,
        form::Form,
        page::{self, answer},
        pager::{self, Pager},
        settings::Tab,
        shell::{Section, Shell},
        visit::Visit,
    },
};

const PLACE: &str = "/settings/reminders";

#[derive(Template)]
#[template(path = "pages/settings/reminders.html")]
struct Show {
    shell: Shell,
    tab: Tab,
    form: Form,
    steps: Vec<ReminderStep>,
    has_mail_server: bool,
    /// Whether the account may not mail clients yet.
    is_unverified: bool,
}

#[derive(Template)]
#[template(path = "pages/settings/reminder.html")]
struct Edit {
    shell: Shell,
    form: Form,
    editing: Editing,
    /// The days of a stored one.
    days: Option<i32>,
    has_mail_server: bool,
    own_email: String,
}

impl Edit {
    fn sides(&self) -> Choices {
        let side = |(value, label): (&str, Text)| (value.to_owned(), label.to_string());
        [("after", t("reminder-after")), ("before", t("reminder-before"))].map(side).into()
    }

    /// Returns the usual text of a step with these days, with its variables.
    fn usual(&self) -> String {
        usual_text(self.days.unwrap_or(7)).to_string()
    }

    fn variables(&self) -> String {
        VARIABLES.map(|name| format!("{{{name}}}")).join(" ")
    }
}

/// What a preview shows while the form has errors.
#[derive(Template)]
#[template(path = "pages/settings/reminder_refused.html")]
struct Refused {
    form: Form,
}

impl Refused {
    /// Returns the fields with their labels.
    fn labels(&self) -> [(&'static str, Text); 6] {
        [
            ("days", t("reminder-days")),
            ("subject", t("reminder-subject")),
            ("body", t("reminder-body")),
            ("lateFee", t("reminder-late-fee")),
            ("lateFee.percent", t("reminder-fee-percent")),
            ("lateFee.amount", t("reminder-fee-amount")),
        ]
    }
}

#[derive(Template)]
#[template(path = "pages/reminder/list.html")]
struct List {
    shell: Shell,
    form: Form,
    days: Days,
    reminders: Listing<Reminder>,
    pager: Pager,
}

impl List {
    /// Returns the filters: a state, or none, and its label.
    fn views(&self) -> [(&'static str, Text); 3] {
        [("", t("all")), ("sent", t("sent")), ("skipped", t("reminder-skipped"))]
    }
}

/// Shows whether and when clients are reminded.
pub async fn show(visit: Visit) -> Result<Response> {
    page(&visit, StatusCode::OK, None).await
}

/// Turns reminders on or off.
pub async fn update(visit: Visit, fields: Fields) -> Result<Response> {
    match visit.change(read(&fields), fields.expected(known), update_reminders).await {
        Ok(_) => Ok(visit.done(PLACE, t("reminders-saved"))),
        Err(error) => {
            let stored = known(&visit.read(find_reminder_settings).await?);
            let (status, form) = visit.refused_change(fields, error, stored)?;
            page(&visit, status, Some(form)).await
        }
    }
}

fn read(fields: &Fields) -> Result<ReminderSettingsChange> {
    let proposals = fields.only("days").with("enabled", ticked(fields, "proposals"));
    Ok(ReminderSettingsChange {
        reminders: RemindersChange { enabled: Some(fields.is_ticked("enabled")), steps: None },
        proposals: ProposalReminderChange::read(&proposals)?,
        thank_you: Some(fields.is_ticked("thankYou")),
    })
}

fn ticked(fields: &Fields, name: &str) -> &'static str {
    if fields.is_ticked(name) { "on" } else { "" }
}

fn known(settings: &ReminderSettings) -> Fields {
    let tick = |is_on| if is_on { "on" } else { "" };
    Fields::default()
        .with("enabled", tick(settings.enabled))
        .with("proposals", tick(settings.reminds_of_proposals()))
        .with("days", settings.proposal_days)
        .with("thankYou", tick(settings.thank_you))
}

async fn page(visit: &Visit, status: StatusCode, form: Option<Form>) -> Result<Response> {
    let settings = visit.read(find_reminder_settings).await?;
    let form = form.unwrap_or_else(|| visit.form(known(&settings).versioned()));
    let page = Show {
        shell: visit.shell(Section::Settings),
        tab: Tab::Reminders,
        form: form.of::<ProposalReminderChange>(),
        steps: settings.steps.into_iter().map(|known| known.step).collect(),
        has_mail_server: visit.app.has_mail_server(),
        is_unverified: visit.app.is_limited(&visit.frame.account),
    };
    Ok(answer(status, &page))
}

/// Shows the form of a new step.
pub async fn new(visit: Visit) -> Result<Response> {
    let form = visit.form(Fields::default().with("days", 7).with("side", "after"));
    Ok(edit_page(&visit, StatusCode::OK, form, None))
}

/// Adds a step.
pub async fn create(visit: Visit, fields: Fields) -> Result<Response> {
    let place = |(): &()| PLACE.as_bytes().to_vec();
    match visit.run_once(&fields, read_step(&fields), place, add_step).await {
        Ok(outcome) => Ok(visit.redirect_once(&outcome, place, t("reminder-added"))),
        Err(error) => {
            let (status, form) = visit.refused(fields, error)?;
            Ok(edit_page(&visit, status, form, None))
        }
    }
}

/// Shows the form of a step.
pub async fn edit(visit: Visit) -> Result<Response> {
    let days = days(&visit)?;
    let step = visit.read(move |work| find_step(work, days)).await?;
    let form = visit.form(filled(&step).versioned());
    Ok(edit_page(&visit, StatusCode::OK, form, Some(days)))
}

/// Changes a step.
pub async fn replace(visit: Visit, fields: Fields) -> Result<Response> {
    let days = days(&visit)?;
    let set = move |work: &mut Work, step: &_, expected: Option<&_>| {
        replace_step(work, days, step, expected)
    };
    match visit.change(read_step(&fields), fields.expected(filled), set).await {
        Ok(()) => Ok(visit.done(PLACE, t("reminders-saved"))),
        Err(error) if *error.kind() == Kind::NotFound => visit.redirect_with_error(PLACE, error),
        Err(error) => {
            let stored = filled(&visit.read(move |work| find_step(work, days)).await?);
            let (status, form) = visit.refused_change(fields, error, stored)?;
            Ok(edit_page(&visit, status, form, Some(days)))
        }
    }
}

/// Deletes a step.
pub async fn delete(visit: Visit, _: Fields) -> Result<Response> {
    let days = days(&visit)?;
    match visit.app.run(visit.claims, move |work| delete_step(work, days)).await {
        Ok(()) => Ok(visit.done(PLACE, t("reminder-deleted"))),
        Err(error) => visit.redirect_with_error(PLACE, error),
    }
}

/// Shows the email of the step in the form as a client would get it.
pub async fn preview(visit: Visit, fields: Fields) -> Result<Response> {
    match read_step(&fields) {
        Ok(step) => page::mail_with_subject(&visit.app.preview_reminder(visit.claims, step).await?),
        Err(error) => {
            let (_, form) = visit.refused(fields, error)?;
            Ok(page::framed(Refused { form }.render().map_err(Error::internal)?))
        }
    }
}

/// Mails the freelancer a stored step as a client would get it.
pub async fn test(visit: Visit, _: Fields) -> Result<Response> {
    let days = days(&visit)?;
    let place = format!("{PLACE}/{days}/edit");
    match visit.app.test_reminder(visit.claims, days).await {
        Ok(()) => {
            let text = match visit.app.has_mail_server() {
                true => t("reminder-test-sent").with("email", &visit.frame.account.email),
                false => t("reminder-test-saved"),
            };
            Ok(visit.done(&place, text))
        }
        Err(error) => visit.redirect_with_error(PLACE, error),
    }
}

/// Turns the reminders of an invoice on or off.
pub async fn set_for_invoice(visit: Visit, fields: Fields) -> Result<Response> {
    let is_on = fields.get("reminders") == "on";
    let place = format!("/invoices/{}", visit.param("id"));
    let set = move |work: &mut Work, id| set_invoice_reminders(work, id, is_on);
    match visit.act(set).await {
        Ok(()) if is_on => Ok(visit.done(&place, t("reminders-turned-on"))),
        Ok(()) => Ok(visit.done(&place, t("reminders-turned-off"))),
        Err(error) => visit.redirect_with_error(&place, error),
    }
}

/// Lists what was sent and what was not, newest first.
pub async fn list(visit: Visit) -> Result<Response> {
    let query = visit.query();
    let filter = ReminderFilter::read(&pager::sized(&query))?;
    let reminders = visit.read(move |work| list_reminders(work, &filter)).await?;
    let page = List {
        shell: visit.shell(Section::Invoices),
        days: Days::of(&visit)?,
        pager: Pager::new(&visit.request, &reminders),
        reminders,
        form: Form::new(query),
    };
    Ok(answer(StatusCode::OK, &page))
}

/// Returns the days in the path.
fn days(visit: &Visit) -> Result<i32> {
    let unknown = |_| Error::not_found("error-reminder-step-not-found");
    StepDays::parse(&visit.param("days").into()).map_err(unknown)
}

/// Reads a step, whose days have a side.
fn read_step(fields: &Fields) -> Result<ReminderStep> {
    let typed = fields.get("days").trim();
    let days = match fields.get("side") {
        "before" if !typed.starts_with('-') => format!("-{typed}"),
        _ => typed.to_owned(),
    };
    ReminderStep::read(&fields.clone().replaced("days", &days))
}

fn filled(step: &ReminderStep) -> Fields {
    let fee = step.late_fee.as_ref();
    Fields::default()
        .with("days", step.days.abs())
        .with("side", if step.days < 0 { "before" } else { "after" })
        .with_some("subject", step.subject.as_ref())
        .with_some("body", step.body.as_ref())
        .with_some("lateFee.percent", fee.and_then(|fee| fee.percent))
        .with_some("lateFee.amount", fee.and_then(|fee| fee.amount))
}

fn edit_page(visit: &Visit, status: StatusCode, form: Form, days: Option<i32>) -> Response {
    let editing = match days {
        Some(days) => Editing::of(when(days), &format!("{PLACE}/{days}"), "")
            .within(PLACE, &t("reminders").to_string()),
        None => {
            let new = Editing::new(PLACE, t("reminders"), t("reminder-add"), t("save"));
            Editing { action: format!("{PLACE}/new"), ..new }
        }
    };
    let page = Edit {
        shell: visit.shell(Section::Settings),
        form: form.of::<ReminderStep>(),
        editing,
        days,
        has_mail_server: visit.app.has_mail_server(),
        own_email: visit.frame.account.email.clone(),
    };
    answer(status, &page)
}

/// Says when a step is.
pub fn when(days: i32) -> Text {
    match days {
        ..=-1 => t("reminder-days-before").count("count", days.unsigned_abs()),
        0 => t("reminder-days-on"),
        _ => t("reminder-days-after").count("count", days),
    }
}

/// Says which reminder an entry is about.
pub fn kind(reminder: &Reminder) -> Text {
    reminder.days.map_or_else(|| t("reminder-by-hand"), when)
}

/// Says why a reminder was not sent.
pub fn reason(reason: &SkipReason) -> Text {
    match reason {
        SkipReason::Passed => t("reminder-skipped-passed"),
        SkipReason::Paid => t("reminder-skipped-paid"),
        SkipReason::Voided => t("reminder-skipped-voided"),
        SkipReason::TurnedOff => t("reminder-skipped-off"),
        SkipReason::Unverified => t("reminder-skipped-unverified"),
        SkipReason::NoMailServer => t("reminder-skipped-no-mail-server"),
        SkipReason::Failed => t("reminder-skipped-failed"),
    }
}

/// Says what happened to a reminder on the page of its invoice.
pub fn entry(reminder: &Reminder) -> Html {
    match reminder.reason {
        None => html("reminder-log-sent").with("when", kind(reminder)),
        Some(why) => {
            html("reminder-log-skipped").with("when", kind(reminder)).with("why", reason(&why))
        }
    }
}

/// Says what comes next for an invoice; None if there is nothing to say.
pub fn coming(record: &InvoiceRecord, days: &Days) -> Option<Text> {
    let invoice = &record.shown.invoice;
    if !invoice.status.is_open() {
        return None;
    }
    let reminders = &record.reminders;
    match reminders.next {
        Some(day) => Some(t("reminder-next").with("day", days.brief(&day))),
        None if reminders.all_off => None,
        None if invoice.reminders_off => Some(t("reminder-off-invoice")),
        None if reminders.client_off => Some(t("reminder-off-client")),
        None => Some(t("reminder-none-left")),
    }
}
