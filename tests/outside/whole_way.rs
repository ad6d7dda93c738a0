//! The whole way from a proposal to the last payment, as freelancer and client walk it in their
//! browsers, with a stand-in for each payment provider.

use freelanceos::domain::provider::ProviderKind;
use serde_json::json;

use crate::{
    invoice_editor::type_cell,
    person::{Hand, Person},
    program::Place,
    provider::{self, StandIns},
    story::{add_a_client, begin_in, make_the_account},
};

/// Saves the keys of a provider, and tries them: the checkout works, and so does the webhook.
async fn connect(ada: &Person, kind: ProviderKind, stand_ins: &StandIns) -> String {
    ada.press("Settings").await;
    ada.press("Online payments").await;
    ada.press(&format!("Connect {}", kind.name())).await;
    let keys = provider::keys(kind);
    for (name, label) in [
        ("secretKey", "Secret key"),
        ("secretHash", "Secret hash"),
        ("webhookSecret", "Signing secret"),
    ] {
        if let Some(key) = keys[name].as_str() {
            ada.fill(label, key).await;
        }
    }
    ada.press("Save").await;
    ada.sees(&format!("{} is connected.", kind.name())).await;
    ada.sees("Connected with the test key").await;
    let hook = ada.value("Webhook address").await;

    ada.press("Make a test payment").await;
    ada.press("Pay now").await;
    ada.sees("Test payment of ₦1,000.00 received.").await;
    ada.sees("No webhook has arrived").await;
    report(ada, &hook, kind, &stand_ins.references()[0]).await;
    ada.press("Check again").await;
    ada.sees("Your webhook works").await;
    hook
}

/// The provider reports a payment.
async fn report(witness: &Person, hook: &str, kind: ProviderKind, reference: &str) {
    let now = witness.browser.run("return Math.floor(Date.now() / 1000)", json!([])).await;
    let (http, now) = (reqwest::Client::new(), now.as_i64().unwrap());
    let answer = provider::webhook(&http, hook, kind, now, reference).send().await.unwrap();
    assert_eq!(answer.status(), 200);
}

/// Sends a proposal with two lines and a deposit. Returns the client's link.
async fn propose(ada: &Person) -> String {
    ada.press("Proposals").await;
    ada.press("Create your first proposal").await;
    ada.fill("Title", "New website").await;
    ada.choose("Client", "Kamala").await;
    ada.fill("Proposal", "## Plan\n\nDesign **and** build, in six weeks.").await;
    type_cell(ada, 0, "description", "Design").await;
    type_cell(ada, 0, "rate", "200,000").await;
    type_cell(ada, 1, "description", "Build").await;
    type_cell(ada, 1, "rate", "250,000").await;
    ada.fill("Tax %", "7.5").await;
    ada.sees("483,750.00").await;
    ada.fill("Deposit (%)", "40").await;
    ada.press("Save draft").await;
    ada.sees("₦193,500.00").await;
    ada.touch("Send by email…").await;
    ada.press("Send proposal").await;
    ada.sees("Waiting for your client’s answer.").await;
    ada.value("Link for your client").await
}

/// The client accepts, and pays the deposit at the provider.
async fn accept_and_pay(
    kamala: &Person,
    link: &str,
    kind: ProviderKind,
    hook: &str,
    stand_ins: &StandIns,
) {
    kamala.go(link).await;
    kamala.sees("A deposit of ₦193,500.00 is due when you accept.").await;
    kamala.fill("Your full name", "Kamala Perera").await;
    kamala.press("Accept for ₦483,750.00").await;
    kamala.sees("The deposit of ₦193,500.00 is due now.").await;
    kamala.press("Deposit invoice").await;
    kamala.sees("193,500.00").await;
    kamala.sees("40% deposit: New website").await;
    let known = stand_ins.references();
    kamala.press("Pay ₦193,500.00").await;
    kamala.sees("Pay now").await;
    let mut new = stand_ins.references();
    new.retain(|reference| !known.contains(reference));
    // Webhooks may be faster than the client, slower, or come twice.
    if kind == ProviderKind::Paystack {
        stand_ins.pay(&new[0]);
        report(kamala, hook, kind, &new[0]).await;
    }
    kamala.press("Pay now").await;
    kamala.sees("Payment received. Thank you!").await;
    report(kamala, hook, kind, &new[0]).await;
    report(kamala, hook, kind, &new[0]).await;
}

/// Bills the first milestone; the client pays it by bank transfer.
async fn bill_the_first_milestone(ada: &Person, kamala: &Person) {
    ada.press("Create invoice: Design").await;
    ada.sees("Draft saved.").await;
    ada.press("Edit").await;
    ada.fill("Tax %", "7.5").await;
    ada.sees("215,000.00").await;
    ada.press("Review and send").await;
    ada.touch("Send…").await;
    ada.press("Send invoice").await;
    ada.sees("Amount due Sent").await;
    ada.sees("Milestone Design").await;
    kamala.go(&ada.value("Link for your client").await).await;
    kamala.sees("₦215,000.00").await;
    ada.press("Mark as paid").await;
    ada.sees("Paid on").await;
}

/// Bills the second milestone less the deposit; the client pays with 5 % withheld.
async fn bill_the_rest(ada: &Person, kamala: &Person) {
    ada.press("Create invoice: Build").await;
    ada.press("Edit").await;
    ada.fill("Tax %", "7.5").await;
    ada.sees("268,750.00").await;
    ada.tick("Deduct deposits: INV-2026-001 (₦193,500.00)").await;
    ada.sees("75,250.00").await;
    ada.press("Review and send").await;
    ada.touch("Send…").await;
    ada.press("Send invoice").await;
    ada.sees("Deducts deposit INV-2026-001").await;
    let link = ada.value("Link for your client").await;
    kamala.go(&link).await;
    kamala.sees("Less deposit INV-2026-001").await;
    kamala.sees("₦75,250.00").await;

    ada.touch("Record payment").await;
    assert_eq!(ada.value("Amount, NGN").await, "75250");
    ada.fill("Amount, NGN", "62750").await;
    ada.fill("Tax withheld", "12500").await;
    ada.choose("Method", "Bank transfer").await;
    ada.press("Record payment").await;
    ada.sees("Payment recorded.").await;
    ada.sees("₦12,500.00 withheld").await;
    ada.sees("Paid on").await;
    kamala.go(&link).await;
    kamala.sees("Paid").await;
}

async fn walk(kind: ProviderKind) {
    let stand_ins = StandIns::spawn().await;
    let place = Place::new(&[])
        .with("PAYSTACK_URL", &stand_ins.url)
        .with("FLUTTERWAVE_URL", &stand_ins.url)
        .with("STRIPE_URL", &stand_ins.url);
    let (server, url, _place) = begin_in(place);
    let ada = Person::new(&url, Hand::Mouse).await;
    let kamala = Person::new(&url, Hand::Mouse).await;
    // Robots open no checkouts.
    ada.browser.with_a_window().await;
    kamala.browser.with_a_window().await;
    make_the_account(&ada).await;
    add_a_client(&ada).await;
    let hook = connect(&ada, kind, &stand_ins).await;
    let proposal = propose(&ada).await;
    accept_and_pay(&kamala, &proposal, kind, &hook, &stand_ins).await;

    // The proposal shows the paid deposit.
    ada.press("Proposals").await;
    ada.press("New website").await;
    ada.sees("Deposit invoice INV-2026-001").await;
    ada.sees("Paid, due").await;
    ada.press("Create project").await;
    ada.sees("Project created.").await;
    for (name, amount) in [("Design", "200000"), ("Build", "250000")] {
        if name == "Build" {
            ada.touch("New milestone").await;
        }
        ada.fill("Milestone", name).await;
        ada.fill("Amount in NGN", amount).await;
        ada.press("Add milestone").await;
    }
    let project = ada.path().await;
    ada.press("Complete Design").await;
    ada.sees("1 of 2 completed").await;
    bill_the_first_milestone(&ada, &kamala).await;
    ada.go(&project).await;
    ada.press("Complete Build").await;
    ada.sees("2 of 2 completed").await;
    bill_the_rest(&ada, &kamala).await;

    // Every page on the way shows where it stands.
    ada.press("INV-2026-001").await;
    ada.sees("Deducted on INV-2026-003").await;
    ada.sees("fee ").await;
    ada.press("New website").await;
    ada.sees("Invoices").await;
    ada.sees("INV-2026-003").await;
    ada.press("Clients").await;
    ada.press("Kamala").await;
    ada.sees("Paid 483,750.00 NGN").await;
    ada.press("Home").await;
    ada.sees("483,750.00").await;
    ada.has_no_complaints().await;
    kamala.has_no_complaints().await;
    server.stop();
}

#[tokio::test]
async fn the_whole_way_with_paystack() {
    walk(ProviderKind::Paystack).await;
}

#[tokio::test]
async fn the_whole_way_with_flutterwave() {
    walk(ProviderKind::Flutterwave).await;
}

#[tokio::test]
async fn the_whole_way_with_stripe() {
    walk(ProviderKind::Stripe).await;
}
