//! How an account reminds its clients, and when.

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, Time},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};

use super::ReminderStep;
use crate::domain::{
    error::{Error, Result},
    id::InvoiceId,
    input::{Flag, Inherited, List, One, input},
    invoice_defaults::Whole,
    rule::Rule,
};

/// The most steps of an account.
pub const STEPS_MAX: usize = 10;
/// When reminders are sent, in the timezone of the account.
const HOUR: Time = Time::constant(9, 0, 0, 0);
/// The days of the steps at first.
const FIRST_DAYS: [i32; 4] = [-3, 0, 7, 14];
/// The days before `validUntil` on which a proposal reminds, at first.
const FIRST_PROPOSAL_DAYS: u32 = 3;

/// A step of an account, and since when it counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    #[serde(flatten)]
    pub step: ReminderStep,
    /// Unix seconds; None until reminders are enabled. What was due before counts as passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
}

/// How an account reminds its clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReminderSettings {
    pub enabled: bool,
    /// In the order of their days.
    pub steps: Vec<Step>,
    /// Whether proposals remind; None as invoices do.
    pub proposals: Option<bool>,
    /// How many days before `validUntil` a proposal reminds.
    pub proposal_days: u32,
    /// What was due before counts as passed.
    pub proposals_since: Option<Timestamp>,
    /// Whether clients get a receipt when an invoice is paid.
    pub thank_you: bool,
}

impl Default for ReminderSettings {
    fn default() -> Self {
        let step = |days| Step { step: ReminderStep::new(days), since: None };
        Self {
            enabled: false,
            steps: FIRST_DAYS.map(step).into(),
            proposals: None,
            proposal_days: FIRST_PROPOSAL_DAYS,
            proposals_since: None,
            thank_you: false,
        }
    }
}

input! {
    /// A change of the reminders.
    #[derive(Debug, Clone, Default)]
    pub change part RemindersChange as "RemindersChange",
        "Emails to clients about unpaid invoices, at 09:00 in the user's timezone, each step once. \
         What was due before reminders or a step were added counts as passed.";
    enabled "enabled": Inherited<Flag> = "Off at first.",
    steps "steps": Inherited<List<One<ReminderStep>, STEPS_MAX>> = "Replaced as a whole; at first \
        3 days before, on, and 7 and 14 days after the due date.",
}

input! {
    /// A change of the reminders of proposals.
    #[derive(Debug, Clone, Default)]
    pub change part ProposalReminderChange as "ProposalReminderChange",
        "An email to clients, once, before a sent proposal expires.";
    enabled "enabled": Inherited<Flag> = "As `reminders.enabled` until it is set.",
    days "days": Inherited<Whole<1, 60>> = "Days before `validUntil`; 3 at first.",
}

/// A change of everything about reminders.
#[derive(Debug, Clone, Default)]
pub struct ReminderSettingsChange {
    pub reminders: RemindersChange,
    pub proposals: ProposalReminderChange,
    /// Whether clients get the receipt of a paid invoice.
    pub thank_you: Option<bool>,
}

impl ReminderSettingsChange {
    /// Applies the change at an instant.
    ///
    /// # Errors
    ///
    /// Invalid if two steps have the same days.
    pub fn apply(self, current: ReminderSettings, now: Timestamp) -> Result<ReminderSettings> {
        let Self { reminders, proposals, thank_you } = self;
        let mut next = ReminderSettings {
            enabled: reminders.enabled.unwrap_or(current.enabled),
            proposals: proposals.enabled.or(current.proposals),
            proposal_days: proposals.days.unwrap_or(current.proposal_days),
            thank_you: thank_you.unwrap_or(current.thank_you),
            ..current
        };
        if let Some(steps) = reminders.steps {
            for (at, step) in steps.iter().enumerate() {
                if steps[..at].iter().any(|other| other.days == step.days) {
                    return Err(Error::field(
                        format!("reminders.steps[{at}].days"),
                        Rule::Duplicate,
                    ));
                }
            }
            let since = |days| next.steps.iter().find(|known| known.step.days == days)?.since;
            let known = |step: ReminderStep| Step { since: since(step.days), step };
            next.steps = steps.into_iter().map(known).collect();
            next.steps.sort_by_key(|known| known.step.days);
        }
        if next.enabled {
            let unset = next.steps.iter_mut().filter(|step| step.since.is_none());
            unset.for_each(|step| step.since = Some(now.as_second()));
        }
        if next.reminds_of_proposals() {
            next.proposals_since.get_or_insert(now);
        }
        Ok(next)
    }
}

impl ReminderSettings {
    /// Whether proposals remind.
    pub fn reminds_of_proposals(&self) -> bool {
        self.proposals.unwrap_or(self.enabled)
    }

    /// Whether there is anything to do every day.
    pub fn is_active(&self) -> bool {
        self.enabled || self.reminds_of_proposals()
    }

    /// Returns the newest step whose time has come for an invoice, unless it is decided or counts as
    /// passed: its time was before the invoice was sent, or before the step was set up.
    ///
    /// # Errors
    ///
    /// Internal if the days are out of range.
    pub fn due_step(
        &self,
        about: &Remindable,
        now: Timestamp,
        zone: &TimeZone,
    ) -> Result<Option<DueStep<'_>>> {
        let mut come = Vec::new();
        for known in &self.steps {
            let time = time_of(about.due_date, known.step.days, zone)?;
            if time <= now {
                let counts = known.since.is_some_and(|since| since <= time.as_second())
                    && about.sent_at <= time
                    && about.decided.is_none_or(|days| days < known.step.days);
                come.push((&known.step, counts));
            }
        }
        let Some((step, true)) = come.pop() else { return Ok(None) };
        let passed = come.iter().filter(|(_, counts)| *counts).map(|(step, _)| step.days).collect();
        Ok(Some(DueStep { step, passed }))
    }

    /// Returns the day of the next step of an invoice.
    ///
    /// # Errors
    ///
    /// Internal if the days are out of range.
    pub fn next_day(
        &self,
        about: &Remindable,
        now: Timestamp,
        zone: &TimeZone,
    ) -> Result<Option<Date>> {
        if !self.enabled {
            return Ok(None);
        }
        for step in &self.steps {
            let days = step.step.days;
            let is_open = about.decided.is_none_or(|decided| decided < days);
            if is_open && time_of(about.due_date, days, zone)? > now {
                return day_of(about.due_date, days).map(Some);
            }
        }
        Ok(None)
    }

    /// Returns the last day on which an invoice can be due so that a step has come.
    ///
    /// # Errors
    ///
    /// Internal if the days are out of range.
    pub fn last_due_date(&self, today: Date) -> Result<Option<Date>> {
        let first = self.steps.first().map(|step| step.step.days);
        first.map(|days| day_of(today, -days)).transpose()
    }
}

/// What is to do for an invoice now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueStep<'a> {
    pub step: &'a ReminderStep,
    /// The days of older steps that were not sent in time.
    pub passed: Vec<i32>,
}

/// What decides about the reminders of an open invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remindable {
    pub id: InvoiceId,
    pub due_date: Date,
    pub sent_at: Timestamp,
    /// The last step that was sent or skipped.
    pub decided: Option<i32>,
}

fn day_of(due: Date, days: i32) -> Result<Date> {
    due.checked_add(days.days()).map_err(Error::internal)
}

/// Returns when a step falls due.
///
/// # Errors
///
/// Internal if the days are out of range.
pub fn time_of(due: Date, days: i32, zone: &TimeZone) -> Result<Timestamp> {
    time_on(day_of(due, days)?, zone)
}

/// Returns when reminders go out on a day.
fn time_on(day: Date, zone: &TimeZone) -> Result<Timestamp> {
    let at = day.to_datetime(HOUR).to_zoned(zone.clone()).map_err(Error::internal)?;
    Ok(at.timestamp())
}

/// Returns when reminders go out next.
///
/// # Errors
///
/// Internal if the day is out of range.
pub fn next_time(now: Timestamp, zone: &TimeZone) -> Result<Timestamp> {
    let today = now.to_zoned(zone.clone()).date();
    let time = time_on(today, zone)?;
    if time > now { Ok(time) } else { time_on(day_of(today, 1)?, zone) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn enabled(now: &str) -> ReminderSettings {
        let reminders = RemindersChange { enabled: Some(true), steps: None };
        let change = ReminderSettingsChange { reminders, ..ReminderSettingsChange::default() };
        change.apply(ReminderSettings::default(), at(now)).unwrap()
    }

    fn about(due: &str, sent: &str, decided: Option<i32>) -> Remindable {
        let id = InvoiceId::NIL;
        Remindable { id, due_date: due.parse().unwrap(), sent_at: at(sent), decided }
    }

    #[test]
    fn a_step_falls_due_at_nine_and_only_the_newest_counts() {
        let settings = enabled("2026-01-01T00:00:00Z");
        let lagos = TimeZone::get("Africa/Lagos").unwrap();
        let step = |now: &str, decided| {
            let about = about("2026-04-15", "2026-03-01T00:00:00Z", decided);
            let due = settings.due_step(&about, at(now), &lagos).unwrap();
            due.map(|due| (due.step.days, due.passed.len()))
        };
        assert_eq!(step("2026-04-12T07:59:59Z", None), None);
        assert_eq!(step("2026-04-12T08:00:00Z", None), Some((-3, 0)));
        assert_eq!(step("2026-04-12T08:00:00Z", Some(-3)), None);
        assert_eq!(step("2026-04-16T08:00:00Z", Some(-3)), Some((0, 0)));
        assert_eq!(step("2026-12-01T00:00:00Z", Some(-3)), Some((14, 2)));
        assert_eq!(step("2026-12-01T00:00:00Z", Some(14)), None);
    }

    #[test]
    fn what_was_due_before_it_was_sent_or_set_up_counts_as_passed() {
        let utc = TimeZone::UTC;
        let settings = enabled("2026-04-20T10:00:00Z");
        let is_due = |about: &Remindable, now: &str| {
            settings.due_step(about, at(now), &utc).unwrap().map(|due| due.step.days)
        };
        let old = about("2026-04-13", "2026-03-01T00:00:00Z", None);
        assert_eq!(is_due(&old, "2026-04-20T10:00:00Z"), None, "7 days were an hour before");
        assert_eq!(is_due(&old, "2026-04-27T09:00:00Z"), Some(14));
        let late = about("2026-04-20", "2026-04-27T09:00:01Z", None);
        assert_eq!(is_due(&late, "2026-04-28T09:00:00Z"), None);
        assert_eq!(is_due(&late, "2026-05-04T09:00:00Z"), Some(14));
    }

    #[test]
    fn a_new_step_counts_from_now_on_and_an_edited_one_as_before() {
        let settings = enabled("2026-04-01T00:00:00Z");
        let steps = vec![
            ReminderStep::new(30),
            ReminderStep { subject: Some("Late".to_owned()), ..ReminderStep::new(7) },
        ];
        let reminders = RemindersChange { enabled: None, steps: Some(steps) };
        let change = ReminderSettingsChange { reminders, ..ReminderSettingsChange::default() };
        let next = change.apply(settings, at("2026-05-01T00:00:00Z")).unwrap();
        let since: Vec<_> = next.steps.iter().map(|step| (step.step.days, step.since)).collect();
        let (april, may) = (1_775_001_600, 1_777_593_600);
        assert_eq!(since, [(7, Some(april)), (30, Some(may))]);
    }
}
