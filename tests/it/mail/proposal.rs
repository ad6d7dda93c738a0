//! The copy of an accepted proposal, for both sides.

use freelanceos::{
    app::{
        invoice_defaults::{set_logo, update_invoice_defaults},
        unit_of_work::Work,
    },
    domain::{image::ImagePurpose, input::Input, invoice_defaults::InvoiceDefaultsChange},
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    freelancehub::freelancer::change_rows,
    pdf::read::File,
    support::{
        Options, PUBLIC_URL, TestApp, User, content, eml::Eml, smtp::Postmaster, spawn_app,
        spawn_app_with,
    },
    web::picture::png,
};

/// Sends a proposal and answers the address of its page.
async fn sent(user: &User<'_>) -> String {
    let client = json!({"name": "Max Brandt", "email": "max@example.com", "company": "Nordlicht"});
    let client = user.post("/clients", client).await.data(201)["id"].clone();
    let body = json!({
        "clientId": client, "title": "A calmer website", "amount": 4500,
        "content": "## What you get\n\n- A **fast** site",
    });
    let id = user.post("/proposals", body).await.data(201)["id"].clone();
    let path = format!("/proposals/{}/send", id.as_str().unwrap());
    let answer = user.post(&path, json!({})).await;
    answer.data(200)["publicLink"].as_str().unwrap().to_owned()
}

async fn accept(app: &TestApp, link: &str, name: &str) -> u16 {
    let form = [("name", name), ("answer", "accept")];
    let page = link.replace(PUBLIC_URL, &app.base);
    app.http.post(page).form(&form).send().await.unwrap().status().as_u16()
}

async fn change_defaults(user: &User<'_>, fields: Value) {
    let change = InvoiceDefaultsChange::read(fields.as_object().unwrap()).unwrap();
    let update = move |work: &mut Work| update_invoice_defaults(work, &change, None);
    user.app.app.run(user.claims(), update).await.unwrap();
}

fn to<'a>(mails: &'a [Eml], address: &str) -> &'a Eml {
    let found: Vec<_> = mails.iter().filter(|mail| mail.to() == address).collect();
    let [mail] = found[..] else { panic!("{} mails to {address}", found.len()) };
    mail
}

#[tokio::test]
async fn both_sides_get_a_copy_with_the_pdf_that_names_who_accepted_and_when() {
    let app = spawn_app().await;
    let user = app.register("amara@example.com").await;
    change_rows(&app, "UPDATE accounts SET email_verified_at = created_at");
    change_defaults(&user, json!({"businessName": "Studio Okafor", "accent": "#b5411c"})).await;
    let logo =
        app.app.upload_image(user.claims(), ImagePurpose::Logo, png(300, 100)).await.unwrap();
    app.app.run(user.claims(), move |work| set_logo(work, Some(logo))).await.unwrap();
    let link = sent(&user).await;
    assert_eq!(accept(&app, &link, "Maximilian Brandt").await, 200);
    assert_eq!(accept(&app, &link, "Maximilian Brandt").await, 409);
    let mails = app.mails().await;
    assert_eq!(mails.len(), 2);

    let copy = to(&mails, "max@example.com");
    assert_eq!(copy.header("Subject"), "Your copy of the accepted proposal: A calmer website");
    assert!(copy.header("From").contains("Studio Okafor via FreelanceOS"), "{}", copy.raw);
    assert!(copy.header("Reply-To").contains("amara@example.com"), "{}", copy.raw);
    let accepted = "Accepted by Maximilian Brandt on 18 Mar 2026";
    for part in [&copy.text, &copy.html] {
        assert!(part.contains(accepted) && part.contains("USD\u{a0}4,500.00"), "{part}");
        assert!(part.contains(&link), "{part}");
    }
    assert_eq!(copy.html.matches(&link).count(), 1, "the address is in the button alone");
    assert!(copy.html.contains("background:#b5411c"), "{}", copy.html);
    let stored = app.app.public_image(logo).await.unwrap().content;
    assert_eq!(copy.logo.as_ref(), Some(&stored));

    let own = to(&mails, "amara@example.com");
    assert_eq!(own.header("Subject"), "Maximilian Brandt accepted: A calmer website");
    assert!(own.text.contains("Maximilian Brandt accepted your proposal on 18 Mar 2026"));
    assert!(own.text.contains(&format!("{PUBLIC_URL}/proposals/prop_")), "{}", own.text);
    for mail in [copy, own] {
        let (name, bytes) = mail.pdf.as_ref().unwrap();
        assert_eq!(name, "proposal-a-calmer-website.pdf");
        assert!(mail.html.contains(name), "{}", mail.html);
        let text = File::read(bytes).text();
        assert!(text.contains(accepted) && text.contains("What you get"), "{text}");
    }
    let text = "Maximilian Brandt accepted your";
    assert!(!content::holds(app.database(), text), "the mails are sealed until they are sent");
}

#[tokio::test]
async fn a_copy_waits_until_it_can_be_delivered_and_is_delivered_once() {
    let server = Postmaster::open().await;
    server.answer("RCPT", "450 4.2.0 greylisted");
    let courier = Some(server.courier("freelance.example", None));
    let app = spawn_app_with(Options { courier, ..Options::default() }).await;
    let user = app.register("amara@example.com").await;
    let link = sent(&user).await;
    let page = app.http.get(link.replace(PUBLIC_URL, &app.base)).send().await.unwrap();
    assert!(page.text().await.unwrap().contains("you both get a copy by email"));
    assert_eq!(accept(&app, &link, "Max").await, 200);
    app.deliver_mail().await;
    assert!(app.app.list_mail(true).await.unwrap().iter().all(|mail| mail.waits()));
    server.relent();
    for _ in 0..3 {
        app.clock.advance(SignedDuration::from_secs(60));
        app.deliver_mail().await;
    }
    let delivered = server.asked("Subject: Your copy of the accepted proposal");
    assert_eq!(delivered.len(), 1, "{delivered:?}");
}

#[tokio::test]
async fn an_account_that_may_not_mail_clients_yet_mails_no_copy() {
    let app = spawn_app_with(Options { rate_limit: true, ..Options::default() }).await;
    let user = app.register("amara@example.com").await;
    let link = sent(&user).await;
    let page = app.http.get(link.replace(PUBLIC_URL, &app.base)).send().await.unwrap();
    assert!(!page.text().await.unwrap().contains("get a copy"));
    assert_eq!(accept(&app, &link, "Max").await, 200);
    let mails = app.mails().await;
    let [mail] = &mails[..] else { panic!("{} mails", mails.len()) };
    assert_eq!((mail.to().as_str(), mail.pdf.is_some()), ("amara@example.com", false));
}

#[tokio::test]
async fn a_declined_proposal_is_copied_to_nobody() {
    let app = spawn_app().await;
    let user = app.register("amara@example.com").await;
    change_rows(&app, "UPDATE accounts SET email_verified_at = created_at");
    let link = sent(&user).await;
    let form = [("name", "Max"), ("answer", "decline")];
    app.http.post(link.replace(PUBLIC_URL, &app.base)).form(&form).send().await.unwrap();
    let mails = app.mails().await;
    let [mail] = &mails[..] else { panic!("{} mails", mails.len()) };
    assert_eq!(mail.header("Subject"), "Max declined: A calmer website");
    assert!(mail.pdf.is_none() && mail.text.contains("declined your proposal on 18 Mar 2026"));
}

#[tokio::test]
async fn a_proposal_is_mailed_with_its_link_and_pdf_if_that_is_asked_for() {
    let app = spawn_app().await;
    let user = app.register("amara@example.com").await;
    change_rows(&app, "UPDATE accounts SET email_verified_at = created_at");
    let client = json!({
        "name": "Max Brandt", "email": "max@example.com", "ccEmails": ["finance@example.com"],
    });
    let client = user.post("/clients", client).await.data(201)["id"].clone();
    let made = |title: &str| {
        let body = json!({
            "clientId": client, "title": title, "amount": 4500, "validUntil": "2026-04-30",
        });
        user.post("/proposals", body)
    };
    let path = |made: &Value| format!("/proposals/{}/send", made["id"].as_str().unwrap());
    let quiet = made("Quiet").await.data(201).clone();
    user.post(&path(&quiet), json!({})).await.data(200);
    assert_eq!(app.mails().await.len(), 0);

    let loud = made("A calmer website").await.data(201).clone();
    let sent = user.post(&path(&loud), json!({"mail": true})).await.data(200).clone();
    assert_eq!(sent["status"], "sent");
    let link = sent["publicLink"].as_str().unwrap();
    let mails = app.mails().await;
    let mail = to(&mails, "max@example.com");
    assert_eq!(mail.header("Subject"), "Proposal: A calmer website");
    assert!(mail.header("Cc").contains("finance@example.com"), "{}", mail.raw);
    assert!(mail.header("Reply-To").contains("amara@example.com"), "{}", mail.raw);
    for part in [&mail.text, &mail.html] {
        assert!(part.contains(link) && part.contains("USD\u{a0}4,500.00"), "{part}");
        assert!(part.contains("30 Apr 2026"), "{part}");
    }
    let file = File::read(&mail.pdf.as_ref().unwrap().1);
    assert!(file.text().contains("A calmer website"), "{}", file.text());

    // Emailed again, to another address.
    let again = json!({"email": "boss@example.com"});
    user.post(&path(&loud), again).await.data(200);
    let mails = app.mails().await;
    assert_eq!((mails.len(), to(&mails, "boss@example.com").html.contains(link)), (2, true));
    let refused = user.post(&path(&loud), json!({"email": "boss"})).await;
    assert_eq!(refused.error(400), "email must be a valid email address");
    user.put(
        &format!("/proposals/{}", loud["id"].as_str().unwrap()),
        json!({"status": "accepted"}),
    )
    .await
    .data(200);
    user.post(&path(&loud), json!({"mail": true})).await.error(409);
}

#[tokio::test]
async fn the_copy_of_an_accepted_proposal_leads_to_its_deposit_invoice() {
    let app = spawn_app().await;
    let user = app.register("amara@example.com").await;
    change_rows(&app, "UPDATE accounts SET email_verified_at = created_at");
    let client = json!({"name": "Max Brandt", "email": "max@example.com"});
    let client = user.post("/clients", client).await.data(201)["id"].clone();
    let body = json!({
        "clientId": client, "title": "Website", "amount": 4500, "deposit": {"percent": 20},
    });
    let id = user.post("/proposals", body).await.data(201)["id"].clone();
    let path = format!("/proposals/{}", id.as_str().unwrap());
    let sent = user.post(&format!("{path}/send"), json!({})).await.data(200).clone();
    let link = sent["publicLink"].as_str().unwrap();
    let page = link.replace(PUBLIC_URL, &app.base);
    let read = async || app.http.get(&page).send().await.unwrap().text().await.unwrap();
    assert!(read().await.contains("A deposit of USD\u{a0}900.00 is due when you accept."));
    assert_eq!(accept(&app, link, "Max Brandt").await, 200);
    let html = read().await;
    assert!(html.contains("The deposit of USD\u{a0}900.00 is due now."), "{html}");
    let mails = app.mails().await;
    let copy = to(&mails, "max@example.com");
    assert!(copy.text.contains("INV-2026-001"), "{}", copy.text);
    let start = format!("{PUBLIC_URL}/i/");
    let at = copy.text.find(&start).unwrap();
    let link = copy.text[at..].split_whitespace().next().unwrap();
    assert!(copy.html.contains(link) && html.contains(link), "{}", copy.html);
    let invoice = app.http.get(link.replace(PUBLIC_URL, &app.base)).send().await.unwrap();
    let invoice = invoice.text().await.unwrap();
    assert!(invoice.contains("Deposit invoice") && invoice.contains("20% deposit: Website"));
}
