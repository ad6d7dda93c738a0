//! Pure types and rules. Nothing here does I/O or knows about HTTP, SQL or the clock.

mod billing;
pub mod date;
pub mod error;
pub mod expected;
pub mod form;
pub mod id;
mod identity;
pub mod input;
pub mod language;
pub mod money;
pub mod number_format;
pub mod page;
pub mod patch;
pub mod pdf_file;
pub mod placeholder;
mod platform;
pub mod profile;
pub mod rule;
pub mod text;
pub mod word;
mod work;

pub use self::billing::{
    accent, address, balance, business, checkout, client, country, credit_note,
    credit_note_summary, deposit, discount, exchange_rate, exchange_rate_file, how_to_pay, invoice,
    invoice_defaults, number_series, paper, payment, payment_method, provider, reminder, settings,
    statement, tax, unprintable,
};
pub use self::identity::{account, code, passkey, password, registration, session, two_factor};
pub use self::platform::{
    activity, dashboard, export, home, idempotency, image, job, limit, mail, mail_settings, notice,
    outbox, reach, search,
};
pub use self::profile::{message, portfolio};
pub use self::work::{milestone, project, proposal};

/// Prints secrets as their type name only: `Password(…)`.
macro_rules! redacted {
    ($($type:ident),+) => {$(
        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($type), "(…)"))
            }
        }
    )+};
}

pub(crate) use redacted;
