//! `freelanceos demo`: an account with two years of work. The program's own use cases create it
//! while the clock is moved, so that every total and every log entry is real.

mod chain;
mod history;
mod more;
mod plan;
mod profile;
mod texts;

use std::sync::{Arc, Mutex, PoisonError};

use clap::{Args, value_parser};
use jiff::{SignedDuration, Timestamp};
use tokio::runtime;

use self::{history::History, more::MoreInvoices};
use super::{Failure, Outcome, admin::named, migrate, now, open_app, terminal};
use crate::{
    app::{
        App, Settings as AppSettings,
        environment::{Clock, Random, SystemRandom},
        reminder::update_reminders,
        unit_of_work::{Who, Work},
    },
    config::{Location, PaymentLinks, secrets::Secrets},
    domain::{
        account::Password,
        error::Error,
        job::JobKind,
        registration::Registration,
        reminder::{ReminderSettingsChange, RemindersChange},
        text,
    },
};

/// How long the account has reminded its clients.
const REMINDS_FOR: SignedDuration = SignedDuration::from_hours(24 * 30);

#[derive(Args)]
pub struct Arguments {
    /// Email address of the account; its password is typed, read from standard input or generated
    #[arg(long, default_value = "demo@example.com")]
    email: String,

    /// Seed for different sample data
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// Number of additional invoices
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = value_parser!(u64).range(..=10_000_000))]
    invoices: u64,

    #[command(flatten)]
    location: Location,

    #[command(flatten)]
    payment_links: PaymentLinks,

    #[command(flatten)]
    secrets: Secrets,
}

/// A clock that shows the time it is set to.
struct StoryClock(Mutex<Timestamp>);

impl StoryClock {
    fn set(&self, at: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }
}

impl Clock for StoryClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub fn run(arguments: Arguments) -> Outcome {
    let Arguments { email, seed, invoices, location, payment_links, secrets } = arguments;
    text::parse_email(&email).map_err(|rule| Failure::Failed(format!("{email:?} {rule}")))?;
    let payment_link_base = payment_links.base()?;
    migrate::make(&location, &secrets)?;
    let secret_key = secrets.make_secret_key(&location, &SystemRandom)?;
    let settings =
        AppSettings { secret_key: Some(secret_key), payment_link_base, ..AppSettings::default() };
    let plan = plan::plan(seed, now())?;
    let clock = Arc::new(StoryClock(Mutex::new(plan.start)));
    let app = open_app(&location, clock.clone(), settings)?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(tell(&app, &clock, plan, &email, invoices));
    app.close();
    terminal::print(&outcome?)
}

async fn tell(
    app: &App,
    clock: &StoryClock,
    plan: plan::Plan,
    email: &str,
    invoices: u64,
) -> Result<String, Failure> {
    if app.account_by_email(email.to_owned()).await.is_ok() {
        let taken = Error::conflict("error-account-exists");
        return Err(named(email, taken));
    }
    let given = terminal::optional_password("Password (press Enter to generate one): ")?;
    let made = given.is_none().then(|| random_word(20));
    let password = match (&given, &made) {
        (Some(given), _) => given.clone(),
        (None, made) => Password::new(made.clone().unwrap_or_default()),
    };
    let registration =
        Registration::new(email.to_owned(), password, "Amara".to_owned(), "Okafor".to_owned());
    let account = app.create_user(registration).await.map_err(|error| named(email, error))?;
    let who = Who::System(account.id);

    clock.set(plan.start);
    profile::open_business(app, who).await?;
    let bar = terminal::progress("Two years of work");
    bar.set_length(plan.steps.len() as u64 + invoices);
    let mut history = History::new(app, who, email);
    let end = plan.steps.last().map_or(plan.start, |(at, _)| *at);
    let mut more = MoreInvoices::new(app, who, (plan.start, end), invoices);
    // Reminders of very many invoices would take long.
    let mut remind_from = (invoices == 0).then_some(end - REMINDS_FOR);
    for (at, step) in plan.steps {
        clock.set(at);
        history.take(step).await?;
        if remind_from.take_if(|from| *from <= at).is_some() {
            app.run(who, remind).await?;
        }
        app.run_due(JobKind::Remind).await?;
        more.until(at, &history, || bar.inc(1)).await?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    clock.set(now());
    chain::tell(app, who, &history).await?;
    profile::fill(app, who, "amara").await?;
    let more = if invoices > 0 { format!(", and {invoices} more") } else { String::new() };
    let mut text = format!("{email} has {history}{more}\n");
    if let Some(made) = made {
        text.push_str(&format!("password: {made}\n"));
    }
    Ok(text)
}

/// Turns reminders on.
fn remind(work: &mut Work) -> Result<(), Error> {
    let reminders = RemindersChange { enabled: Some(true), steps: None };
    let change = ReminderSettingsChange { reminders, ..ReminderSettingsChange::default() };
    update_reminders(work, &change, None).map(drop)
}

fn random_word(letters: usize) -> String {
    let mut bytes = vec![0; letters.div_ceil(2)];
    SystemRandom.fill(&mut bytes);
    let word: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    word[..letters].to_owned()
}
