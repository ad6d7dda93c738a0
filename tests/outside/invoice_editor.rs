//! The invoice editor in a browser: totals follow the input.

use serde_json::{Value, json};

use crate::{
    person::{Hand, Person},
    story::{add_a_client, begin, make_the_account},
};

/// Types into a field of a line, replacing its value.
pub async fn type_cell(ada: &Person, line: usize, name: &str, text: &str) {
    let script = "const field = document.querySelector(`[name=\"items.${args[0]}.${args[1]}\"]`);
        field.select();
        return field";
    let field = ada.browser.run(script, json!([line, name])).await;
    ada.browser.type_into(&field, text).await;
}

/// Whether the totals are marked as out of date.
async fn is_behind(ada: &Person) -> bool {
    let script = "return document.querySelector('form[data-invoice]').dataset.behind === 'yes'";
    ada.browser.run(script, json!([])).await == true
}

#[tokio::test]
async fn totals_follow_the_input_and_report_when_they_cannot() {
    let (server, url, _place) = begin();
    let ada = Person::new(&url, Hand::Keyboard).await;
    make_the_account(&ada).await;
    add_a_client(&ada).await;
    ada.go("/invoices/new").await;
    ada.choose("Client", "Kamala").await;
    type_cell(&ada, 0, "description", "Words").await;
    type_cell(&ada, 0, "quantity", "1237").await;
    type_cell(&ada, 0, "rate", "0.085").await;
    ada.sees("Total 105.15 NGN").await;
    ada.fill("Tax %", "7.5").await;
    ada.sees("Subtotal 105.15 Discount % 0.00 Tax % 7.89 Total 113.04 NGN").await;
    type_cell(&ada, 1, "description", "Logo").await;
    type_cell(&ada, 1, "rate", "1,250.50").await;
    ada.sees("Total 1,457.32 NGN").await;
    ada.choose("Currency", "KWD").await;
    ada.sees("Total 1,457.318 KWD").await;

    // The preview next to the form is updated too.
    let sheet = "return document.querySelector('[data-sheet]').textContent";
    let sheet = ada.browser.run(sheet, json!([])).await;
    assert!(sheet.as_str().unwrap().contains("Amount, KWD"), "{sheet}");

    // Lines move with their amounts, followed by an empty one.
    ada.touch("More for line 2").await;
    ada.touch("Move up").await;
    ada.sees("Moved to line 1.").await;
    let amounts =
        "return [...document.querySelectorAll('[data-amount]')].map((one) => one.textContent)";
    let amounts = ada.browser.run(amounts, json!([])).await;
    assert_eq!(amounts, json!(["1,250.500", "105.145", ""]));
    ada.touch("More for line 1").await;
    ada.touch("Remove line").await;
    ada.sees("Total 113.031 KWD").await;
    assert!(!is_behind(&ada).await);

    // A line is dragged by its grip.
    type_cell(&ada, 1, "description", "Card").await;
    let grip = "return document.querySelectorAll('[data-grip]')[args[0]]";
    let (first, second) =
        (ada.browser.run(grip, json!([0])).await, ada.browser.run(grip, json!([1])).await);
    ada.browser.drag(&second, &first).await;
    ada.sees("Moved to line 1.").await;
    let lines = "return [...document.querySelectorAll('.lines__text')].map((one) => one.value)";
    assert_eq!(ada.browser.run(lines, json!([])).await, json!(["Card", "Words", ""]));
    ada.touch("More for line 1").await;
    ada.touch("Remove line").await;

    // Offline, the last totals stay and are marked; new ones come when the network is back.
    ada.browser.set_offline(true).await;
    type_cell(&ada, 0, "quantity", "2474").await;
    ada.sees("Totals are out of date").await;
    ada.sees("Total 113.031 KWD").await;
    assert!(is_behind(&ada).await);
    ada.browser.set_offline(false).await;
    ada.sees("Total 226.062 KWD").await;
    let is_said = "return document.body.innerText.includes('out of date')";
    assert_eq!(ada.browser.run(is_said, json!([])).await, false);

    // The saved total is the displayed one, and the draft is still saved while it is edited.
    ada.press("Save draft").await;
    ada.sees("226.062").await;
    type_cell(&ada, 0, "quantity", "1237").await;
    ada.sees("Saved ").await;
    ada.press("Review and send").await;
    ada.sees("Only you can see this draft").await;
    ada.sees("113.031").await;
    server.stop();
}

/// What stands in the form of an invoice, by name.
async fn typed(ada: &Person) -> Value {
    let script = "return Object.fromEntries(new FormData(document.querySelector('#invoice')))";
    ada.browser.run(script, json!([])).await
}

#[tokio::test]
async fn a_new_client_is_added_in_a_dialog_that_loses_nothing() {
    let (server, url, _place) = begin();
    let ada = Person::new(&url, Hand::Mouse).await;
    make_the_account(&ada).await;
    add_a_client(&ada).await;
    // Wide enough for the document beside the form.
    ada.browser.look(1400, "light").await;
    ada.go("/invoices/new").await;
    ada.choose("Client", "Kamala").await;
    type_cell(&ada, 0, "description", "Words").await;
    type_cell(&ada, 0, "rate", "100").await;
    ada.sees("Total 100.00 NGN").await;
    let before = typed(&ada).await;

    // Who changes their mind has what they had.
    ada.fill("Client", "Nimal").await;
    ada.touch("New client “Nimal”").await;
    ada.touch("Cancel").await;
    assert_eq!(ada.value("Client").await, "Kamala");
    assert_eq!(typed(&ada).await["clientId"], before["clientId"]);

    ada.fill("Client", "Nimal Silva <nimal>").await;
    ada.touch("New client “Nimal Silva <nimal>”").await;
    ada.fill("Email", "nimal@example.com").await;
    ada.fill("Name", "Nimal Silva").await;
    ada.touch("Add client").await;
    assert_eq!(ada.value("Client").await, "Nimal Silva");
    let after = typed(&ada).await;
    for name in ["items.0.description", "items.0.rate", "issueDate", "dueDate", "currency"] {
        assert_eq!(after[name], before[name], "{name}");
    }
    ada.sees("Billed to Nimal Silva").await;
    ada.press("Review and send").await;
    ada.sees("nimal@example.com").await;
    ada.has_no_complaints().await;
    server.stop();
}

#[tokio::test]
async fn the_email_is_shown_as_it_will_be_before_it_is_sent() {
    let (server, url, _place) = begin();
    let ada = Person::new(&url, Hand::Mouse).await;
    make_the_account(&ada).await;
    add_a_client(&ada).await;
    ada.go("/invoices/new").await;
    ada.choose("Client", "Kamala").await;
    type_cell(&ada, 0, "description", "Words").await;
    type_cell(&ada, 0, "rate", "100").await;
    ada.press("Review and send").await;
    ada.touch("Send…").await;
    ada.touch("Preview of the email").await;
    ada.sees("Subject: Invoice INV-").await;
    ada.sees_in_frame("has sent you invoice").await;
    ada.fill("Message", "Thank you for the trust.").await;
    ada.sees_in_frame("Thank you for the trust.").await;
    ada.tick("Send me a copy").await;
    ada.press("Send invoice").await;
    ada.sees("Invoice to ada@example.com").await;
    ada.has_no_complaints().await;
    server.stop();
}
