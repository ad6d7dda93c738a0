//! `/proposals`, as their owner sees them.

use serde_json::json;

use super::browser::Browser;
use crate::support::{PUBLIC_URL, spawn_app};

#[tokio::test]
async fn a_proposal_is_written_sent_accepted_and_becomes_a_project() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    browser.open("/proposals").await.expect(200).says("Add a client first");
    let client = user.client("Kamala").await;

    let page = browser.open("/proposals/new").await;
    let typed = [("title", ""), ("clientId", &*client), ("validUntil", "2026-02-30")];
    let again = browser.send(&page, "/proposals", &typed).await.expect(400);
    again.says("Check the 2 fields below.").says("Enter a date");
    let typed = [
        ("title", "Site <b> & shop"),
        ("clientId", &*client),
        ("amount", "1,250.50"),
        ("currency", "EUR"),
        ("validUntil", "2026-04-15"),
        ("content", "**First.**\r\n\r\nThen <script>."),
    ];
    let draft = browser.send(&page, "/proposals", &typed).await.expect(200);
    draft.says("Draft saved.").says("Site <b> & shop Kamala").says("Draft").says("€1,250.50");
    draft.says("Then <script>.").hides("Link for your client");
    let place = draft.path.clone();

    let sent = browser.send(&draft, &format!("{place}/send"), &[]).await.expect(200);
    let link = sent
        .says("Link for your client")
        .says("Waiting for your client’s answer.")
        .link(PUBLIC_URL);
    let mail = sent.link("mailto:");
    let token = link.strip_prefix(PUBLIC_URL).unwrap();
    assert!(
        mail.contains("?subject=Proposal%3A%20Site%20%3Cb%3E%20%26%20shop&body=Hello"),
        "{mail}"
    );
    assert!(mail.contains(&token.replace('/', "%2F").replace('-', "%2D").replace('_', "%5F")));

    let client_side = Browser::new(&app);
    let public = client_side.open(token).await.expect(200);
    public.says("€1,250.50").says("Valid until 15 Apr 2026");
    let form = [("name", "Kamala P."), ("answer", "accept")];
    let file = client_side.open(&format!("{token}/pdf")).await.expect(200);
    assert_eq!(file.headers["content-type"], "application/pdf");
    let file = browser.open(&format!("{place}/pdf")).await.expect(200);
    assert_eq!(
        file.headers["content-disposition"],
        "inline; filename=\"proposal-site-b-shop.pdf\""
    );
    client_side.post(token, &form).await.says("Accepted by Kamala P. on 18 Mar 2026");

    let accepted = browser.open(&place).await;
    accepted.says("Signed as Kamala P.").says("IP address 127.0.0.1");
    accepted.says("Accepted").hides("Delete").hides("Record answer");
    let editor = browser.open(&accepted.link("/invoices/new?proposalId=")).await.expect(200);
    assert_eq!(editor.value("items.0.rate").as_deref(), Some("1250.5"));
    let project = browser.send(&accepted, &format!("{place}/project"), &[]).await.expect(200);
    project.says("Project created.").says("Site <b> & shop").says("Budget €1,250.50");
    assert!(project.html.contains("<b>First.</b>"), "{}", project.html);
}

#[tokio::test]
async fn an_answer_from_elsewhere_is_recorded_once() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let id = user.proposal(&user.client("Kamala").await, "Site").await;
    let browser = Browser::of(&user);
    let place = format!("/proposals/{id}");
    let page = browser.open(&place).await;
    let answer = format!("{place}/answer");
    let declined = browser.send(&page, &answer, &[("status", "rejected")]).await;
    declined.says("Proposal marked as declined.");
    let again = browser.send(&page, &answer, &[("status", "accepted")]).await.expect(200);
    again.says("This proposal has been answered already.");
    assert_eq!(user.get(&place).await.data(200)["status"], "rejected");
    let copy = browser.send(&again, &format!("{place}/duplicate"), &[]).await.expect(200);
    copy.says("Proposal duplicated");
    assert_eq!(copy.value("title").as_deref(), Some("Site"));
    let gone = browser.send(&again, &format!("{place}/delete"), &[]).await;
    gone.says("Proposal deleted.").says("Site");
    assert_eq!(user.get("/proposals").await.body["total"], 1);
}

#[tokio::test]
async fn a_proposal_of_another_account_is_not_found() {
    let app = spawn_app().await;
    let (ada, eve) = (app.register("a@example.com").await, app.register("e@example.com").await);
    let id = ada.proposal(&ada.client("Kamala").await, "Site").await;
    let browser = Browser::of(&eve);
    let token = browser.open("/proposals/new").await.value("_token").unwrap_or_default();
    let place = format!("/proposals/{id}");
    browser.open(&place).await.expect(404);
    browser.open(&format!("{place}/edit")).await.expect(404);
    browser.open(&format!("{place}/pdf")).await.expect(404);
    browser.open(&format!("/invoices/new?proposalId={id}")).await.expect(404);
    let fields = [("_token", &*token), ("status", "accepted"), ("title", "Eve's")];
    for act in ["edit", "send", "answer", "project", "duplicate", "delete"] {
        browser.post(&format!("{place}/{act}"), &fields).await.expect(404);
    }
    let proposal = ada.get(&place).await;
    let proposal = proposal.data(200);
    assert_eq!((&proposal["title"], &proposal["status"]), (&json!("Site"), &json!("draft")));
}

#[tokio::test]
async fn drafts_outlive_their_only_client() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Kamala").await;
    let proposal = user.proposal(&client, "Website").await;
    let invoice = user.invoice(&client, json!(100), "2026-04-15").await;
    user.delete(&format!("/clients/{client}")).await.data(200);
    let browser = Browser::of(&user);
    for page in [format!("/proposals/{proposal}/edit"), format!("/invoices/{invoice}/edit")] {
        let page = browser.open(&page).await.expect(200);
        let chosen = format!("<option value=\"{client}\" selected>Kamala</option>");
        assert!(page.html.contains(&chosen), "{}", page.html);
    }
}

#[tokio::test]
async fn a_proposal_is_written_line_by_line_without_scripts_and_its_client_sees_the_lines() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    user.tax(json!({"name": "VAT", "rate": 20})).await;
    let client = user.client("කමලා").await;
    let browser = Browser::of(&user);
    let page = browser.open("/proposals/new").await.expect(200);
    let vat = r#"{"name":"VAT","rate":20,"category":"S","note":null}"#;
    assert!(page.html.contains("name=\"items.0.description\""), "{}", page.html);
    let mut typed = vec![
        ("title", "Shop"),
        ("clientId", &*client),
        ("currency", "EUR"),
        // With lines, an amount typed earlier is ignored.
        ("amount", "7"),
        ("discount.percent", "10"),
        ("items.0.description", "Design"),
        ("items.0.quantity", "2"),
        ("items.0.rate", "500"),
        ("items.0.unit", "day"),
        ("items.0.taxes", ""),
        ("items.0.taxes", vat),
    ];
    typed.push(("_action", "add"));
    let more = browser.send(&page, "/proposals", &typed).await.expect(200);
    more.says("1,000.00").says("1,080.00");
    assert_eq!(more.value("items.0.rate").as_deref(), Some("500"));
    assert!(more.html.contains("name=\"items.1.description\""));
    typed.pop();
    typed.extend([("items.1.description", "Hosting"), ("items.1.rate", "x")]);
    let wrong = browser.send(&more, "/proposals", &typed).await.expect(400);
    wrong.says("Check the field below.");
    assert_eq!(wrong.value("items.1.rate").as_deref(), Some("x"));
    let last = typed.len() - 1;
    typed[last] = ("items.1.rate", "100");
    typed.push(("items.1.taxes", ""));
    let draft = browser.send(&wrong, "/proposals", &typed).await.expect(200);
    let sums = [
        "Design per day · VAT 20%",
        "VAT 20% on 900.00",
        "Hosting No tax",
        "Discount 10%",
        "€1,170.00",
    ];
    sums.iter().for_each(|text| _ = draft.says(text));

    let place = draft.path.clone();
    let page = browser.open(&format!("{place}/edit")).await.expect(200);
    assert_eq!(page.value("items.1.rate").as_deref(), Some("100"));
    assert_eq!(page.value("discount.percent").as_deref(), Some("10"));
    assert_eq!(page.value("amount").as_deref(), Some(""));
    let sent = browser.send(&draft, &format!("{place}/send"), &[]).await.expect(200);
    let link = sent.link(PUBLIC_URL);
    let public = Browser::new(&app).open(link.strip_prefix(PUBLIC_URL).unwrap()).await.expect(200);
    sums.iter().for_each(|text| _ = public.says(text));
    public.says("Accept for €1,170.00");

    // Without its lines, it has only the amount.
    let typed = [
        ("title", "Shop"),
        ("clientId", &*client),
        ("currency", "EUR"),
        ("amount", "900"),
        ("items.0.description", ""),
        ("items.0.rate", ""),
    ];
    let page = browser.open(&format!("{place}/edit")).await;
    let plain = browser.send(&page, &format!("{place}/edit"), &typed).await.expect(200);
    plain.says("€900.00").hides("Design");
}
