//! JSON bodies for every parser of the domain. The first byte chooses the parser.

#![no_main]

use freelanceos::domain::{
    account::{AccountChange, Credentials},
    client::{ClientChange, ClientDetails, ClientFilter},
    code::{EmailLink, EmailOtp, OtpRequest, OtpSignIn, PasswordReset},
    dashboard, date,
    exchange_rate::NewRate,
    form::Object,
    input::Input,
    invoice::{Delivery, InvoiceChange, InvoiceFilter, NewInvoice},
    invoice_defaults::InvoiceDefaultsChange,
    message::{MessageChange, NewMessage},
    milestone::{MilestoneChange, MilestoneFilter, NewMilestone},
    money::Currency,
    passkey::{NewPasskey, PasskeyLogin},
    portfolio::{Work, WorkChange},
    profile::ProfileChange,
    project::{NewProject, ProjectChange, ProjectFilter},
    proposal::{NewProposal, ProposalChange, ProposalFilter, Signature},
    registration::{NewFreelancer, NewMember, NewUser},
    session::{Logout, Refresh},
    two_factor::{Disabling, SetupProof},
};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

/// Parses and discards the value. An error must be able to explain itself.
macro_rules! readers {
    ($($read:expr),* $(,)?) => {
        const READERS: &[fn(&Object)] = &[$(|object| {
            if let Err(error) = $read(object) {
                assert!(!error.to_string().is_empty());
            }
        }),*];
    };
}

readers![
    AccountChange::read,
    Credentials::read,
    ClientDetails::read,
    ClientChange::read,
    ClientFilter::read,
    EmailLink::read,
    EmailOtp::read,
    OtpRequest::read,
    OtpSignIn::read,
    PasswordReset::read,
    NewRate::read,
    Delivery::read,
    InvoiceChange::read,
    InvoiceFilter::read,
    InvoiceDefaultsChange::read,
    MessageChange::read,
    NewMessage::read,
    MilestoneChange::read,
    MilestoneFilter::read,
    NewMilestone::read,
    NewPasskey::read,
    PasskeyLogin::read,
    Work::read,
    WorkChange::read,
    ProfileChange::read,
    NewProject::read,
    ProjectChange::read,
    ProjectFilter::read,
    NewProposal::read,
    ProposalChange::read,
    ProposalFilter::read,
    Signature::read,
    NewFreelancer::read,
    NewUser::read,
    Logout::read,
    Refresh::read,
    Disabling::read,
    SetupProof::read,
    dashboard::activity_limit,
    |object: &Object| NewMember::read_on(object, date::parse("2026-03-18").unwrap()),
    |object: &Object| NewInvoice::read(object).and_then(|new| new.price(Currency::USD)),
];

fuzz_target!(|data: &[u8]| {
    let Some((&choice, text)) = data.split_first() else { return };
    if let Ok(Value::Object(object)) = serde_json::from_slice(text) {
        READERS[usize::from(choice) % READERS.len()](&object);
    }
});
