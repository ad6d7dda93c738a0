//! The whole story: a freelancer from the first visit on, and a client in a second browser; with
//! the mouse, with only the keyboard, and without scripts.

use std::net::TcpListener;

use jiff::Timestamp;
use serde_json::json;

use crate::{
    authenticator::Authenticator,
    person::{Hand, Person},
    program::{Place, Server},
};

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "SecurePass123";

/// A new server with a host name, as passkeys require.
pub fn begin() -> (Server, String, Place) {
    begin_in(Place::new(&[]))
}

/// A new server with a host name and these settings.
pub fn begin_in(place: Place) -> (Server, String, Place) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://localhost:{port}");
    let listen = format!("127.0.0.1:{port}");
    let place = place.with("LISTEN", &listen).with("PUBLIC_URL", &url);
    (place.serve(), url, place)
}

/// The first visit, which creates the owner's account.
pub async fn make_the_account(ada: &Person) {
    ada.go("/").await;
    ada.sees("Set up your office").await;
    ada.fill("Your name", "Ada Lovelace").await;
    ada.fill("Email", EMAIL).await;
    ada.fill("Password", PASSWORD).await;
    ada.choose("Currency", "NGN").await;
    ada.fill("How you get paid", "GTBank 0123456789").await;
    ada.press("Create account").await;
    ada.sees("Owed to you").await;
    ada.sees("Get set up").await;
}

pub async fn add_a_client(ada: &Person) {
    ada.press("Clients").await;
    ada.press("Add your first client").await;
    ada.fill("Name", "Kamala").await;
    // An error is shown at its field, and valid input stays.
    ada.fill("Email", "kamala").await;
    ada.press("Add client").await;
    ada.sees("Enter a valid email").await;
    assert_eq!(ada.value("Name").await, "Kamala");
    ada.fill("Email", "kamala@example.com").await;
    ada.press("Add client").await;
    ada.sees("Client added.").await;
}

/// Sends a proposal, which the client reads in a second browser and accepts.
async fn agree_on_a_proposal(ada: &Person, kamala: &Person) {
    ada.press("Proposals").await;
    ada.press("Create your first proposal").await;
    ada.fill("Title", "New website").await;
    ada.choose("Client", "Kamala").await;
    ada.fill("Amount", "450,000").await;
    ada.fill("Proposal", "Design and build, in six weeks.").await;
    ada.press("Save draft").await;
    ada.touch("Send by email…").await;
    ada.press("Send proposal").await;
    ada.sees("Waiting for your client’s answer.").await;
    let link = ada.value("Link for your client").await;

    kamala.go(&link).await;
    kamala.sees("Design and build, in six weeks.").await;
    kamala.sees("₦450,000.00").await;
    kamala.fill("Your full name", "Kamala Perera").await;
    kamala.press("Accept for ₦450,000.00").await;
    kamala.sees("Accepted by Kamala Perera").await;

    ada.press("Proposals").await;
    ada.press("New website").await;
    ada.sees("Kamala Perera").await;
}

/// Turns the proposal into a project and completes its milestone.
async fn finish_a_milestone(ada: &Person) {
    ada.press("Create project").await;
    ada.sees("Project created.").await;
    ada.fill("Milestone", "Design").await;
    ada.fill("Amount in NGN", "200000").await;
    ada.press("Add milestone").await;
    ada.press("Complete Design").await;
    ada.sees("1 of 1 completed").await;
}

/// Invoices the milestone; the client opens the invoice, and it is paid.
async fn be_paid(ada: &Person, kamala: &Person, with_scripts: bool) {
    ada.press("Create invoice: Design").await;
    ada.sees("Draft saved.").await;
    ada.press("Edit").await;
    ada.fill("Tax %", "7.5").await;
    if with_scripts {
        // The total follows the input.
        ada.sees("215,000.00").await;
    } else {
        ada.press("Update totals").await;
        ada.sees("215,000.00").await;
    }
    ada.press("Review and send").await;
    ada.sees("Only you can see this draft").await;
    ada.touch("Send…").await;
    ada.press("Send invoice").await;
    ada.sees("Mark as paid").await;
    let link = ada.value("Link for your client").await;

    kamala.go(&link).await;
    kamala.sees("How to pay").await;
    kamala.sees("GTBank 0123456789").await;

    ada.press("Mark as paid").await;
    ada.sees("Paid on").await;
    kamala.go(&link).await;
    kamala.sees("Paid").await;

    ada.press("Home").await;
    ada.sees("Paid to you in").await;
    ada.sees("215,000.00").await;
}

/// Adds a passkey and signs in with it.
async fn sign_in_by_passkey(ada: &Person) {
    ada.browser.add_authenticator().await;
    ada.press("Settings").await;
    ada.press("Security").await;
    ada.fill("Passkey name", "This laptop").await;
    ada.press("Add passkey").await;
    ada.sees("This laptop").await;
    ada.touch("Account: Ada Lovelace").await;
    ada.press("Sign out").await;
    ada.fill("Email", EMAIL).await;
    ada.press("Sign in with a passkey").await;
    ada.sees("Owed to you").await;
}

/// Turns on the second factor and signs in with it.
async fn sign_in_by_two_factors(ada: &Person) {
    ada.press("Settings").await;
    ada.press("Security").await;
    ada.press("Set up two-factor sign-in").await;
    let qr = "return document.querySelector('img.qr').src";
    let qr = ada.browser.run(qr, json!([])).await;
    let app = Authenticator::scan(qr.as_str().unwrap());
    let now = ada.browser.run("return Math.floor(Date.now() / 1000)", json!([])).await;
    let now = Timestamp::from_second(now.as_i64().unwrap()).unwrap();
    let codes = ada.value("Backup codes").await;
    ada.fill("Code", &app.code(now, 0)).await;
    ada.press("Turn on two-factor sign-in").await;
    ada.touch("Account: Ada Lovelace").await;
    ada.press("Sign out").await;

    ada.fill("Email", EMAIL).await;
    ada.fill("Password", PASSWORD).await;
    ada.press("Sign in").await;
    ada.sees("Two-factor sign-in").await;
    // The app's code has just been used, so this uses a backup code.
    ada.fill("Code", codes.lines().next().unwrap()).await;
    ada.press("Sign in").await;
    ada.sees("Owed to you").await;
}

async fn live_it(hand: Hand) {
    let (server, url, _place) = begin();
    let ada = Person::new(&url, hand).await;
    let kamala = Person::new(&url, hand).await;
    make_the_account(&ada).await;
    add_a_client(&ada).await;
    agree_on_a_proposal(&ada, &kamala).await;
    finish_a_milestone(&ada).await;
    be_paid(&ada, &kamala, true).await;
    sign_in_by_passkey(&ada).await;
    sign_in_by_two_factors(&ada).await;
    ada.has_no_complaints().await;
    kamala.has_no_complaints().await;
    server.stop();
}

#[tokio::test]
async fn from_the_first_visit_to_a_sent_invoice_it_is_eight_clicks_and_six_texts() {
    let (server, url, _place) = begin();
    let ada = Person::new(&url, Hand::Mouse).await;
    ada.go("/").await;
    ada.fill("Your name", "Ada Lovelace").await;
    ada.fill("Email", EMAIL).await;
    ada.fill("Password", PASSWORD).await;
    ada.press("Create account").await;
    ada.press("New invoice").await;
    ada.fill("Client", "kamala@example.com").await;
    ada.touch("New client “kamala@example.com”").await;
    // The address suggests a name, to see and to change.
    assert_eq!(ada.value("Name").await, "Kamala");
    ada.touch("Add client").await;
    ada.fill("Description", "Logo").await;
    ada.fill("Price", "500").await;
    ada.press("Review and send").await;
    ada.touch("Send…").await;
    ada.press("Send invoice").await;
    ada.sees("Amount due Sent").await;
    ada.sees("Invoice to kamala@example.com").await;
    let (clicks, texts) = (ada.clicks.get(), ada.texts.get());
    assert!(clicks <= 8 && texts <= 6, "{clicks} clicks and {texts} texts");
    ada.has_no_complaints().await;
    server.stop();
}

#[tokio::test]
async fn the_whole_story_with_the_mouse() {
    live_it(Hand::Mouse).await;
}

#[tokio::test]
async fn the_whole_story_with_only_the_keyboard() {
    live_it(Hand::Keyboard).await;
}

#[tokio::test]
async fn the_story_up_to_the_paid_invoice_without_scripts() {
    let (server, url, _place) = begin();
    let ada = Person::new(&url, Hand::Mouse).await;
    let kamala = Person::new(&url, Hand::Mouse).await;
    ada.browser.without_scripts().await;
    kamala.browser.without_scripts().await;
    make_the_account(&ada).await;
    add_a_client(&ada).await;
    agree_on_a_proposal(&ada, &kamala).await;
    finish_a_milestone(&ada).await;
    be_paid(&ada, &kamala, false).await;
    server.stop();
}
