//! The path from a proposal to payment, and the links along it.

use serde_json::{Value, json};

use crate::support::{User, spawn_app};

fn id(of: &Value) -> String {
    of["id"].as_str().unwrap().to_owned()
}

/// Asserts that fields of an object have these values.
#[track_caller]
fn has(of: &Value, fields: &Value) {
    for (name, value) in fields.as_object().unwrap() {
        assert_eq!(of.get(name).unwrap_or(&Value::Null), value, "{name} of {of}");
    }
}

async fn proposal_of(user: &User<'_>, id: &str) -> Value {
    user.get(&format!("/proposals/{id}")).await.data(200).clone()
}

async fn invoice_of(user: &User<'_>, id: &str) -> Value {
    user.get(&format!("/invoices/{id}")).await.data(200).clone()
}

async fn milestone_of(user: &User<'_>, project: &str, id: &str) -> Value {
    let project = user.get(&format!("/projects/{project}")).await;
    let milestones = project.data(200)["milestones"].as_array().unwrap().clone();
    milestones.into_iter().find(|milestone| milestone["id"] == id).unwrap()
}

async fn act(user: &User<'_>, path: &str, status: u16) -> Value {
    user.post(path, json!({})).await.data(status).clone()
}

#[tokio::test]
async fn an_accepted_proposal_becomes_one_project_until_that_is_deleted() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Ngozi").await;
    let body = json!({
        "clientId": client, "title": "Shop", "content": "All of it", "amount": 1250.5,
        "currency": "KWD",
    });
    let proposal = id(user.post("/proposals", body).await.data(201));
    let path = format!("/proposals/{proposal}/project");
    let refused = user.post(&path, json!({})).await;
    assert_eq!(refused.error(409), "This proposal has not been accepted yet");
    let accepted = json!({"status": "accepted"});
    user.put(&format!("/proposals/{proposal}"), accepted).await.data(200);
    let invoice = json!({
        "clientId": client, "proposalId": proposal, "dueDate": "2026-04-15",
    });
    let invoice = user.post("/invoices", invoice).await.data(201).clone();
    has(&invoice, &json!({"amount": 1250.5, "currency": "KWD", "projectId": null}));
    assert_eq!(invoice["items"][0]["description"], "Shop");
    for _ in 0..2 {
        has(&proposal_of(&user, &proposal).await, &json!({"projectId": null}));
        let project = act(&user, &path, 201).await;
        has(
            &project,
            &json!({
                "clientId": client, "name": "Shop", "description": "All of it", "budget": 1250.5,
                "currency": "KWD", "status": "planning", "proposalId": proposal,
            }),
        );
        let project = id(&project);
        let links = json!({"projectId": project, "invoiceId": invoice["id"]});
        has(&proposal_of(&user, &proposal).await, &links);
        // The invoices of the proposal now belong to the project.
        let links = json!({"projectId": project, "proposalId": proposal});
        has(&invoice_of(&user, &id(&invoice)).await, &links);
        let again = user.post(&path, json!({})).await;
        let told = "This proposal has already become the project \"Shop\"";
        assert_eq!(again.error(409), told);
        user.delete(&format!("/projects/{project}")).await.data(200);
    }
    user.delete(&format!("/invoices/{}", id(&invoice))).await.data(200);
    has(&proposal_of(&user, &proposal).await, &json!({"invoiceId": null, "projectId": null}));
    user.delete(&format!("/clients/{client}")).await.data(200);
    let refused = user.post(&path, json!({})).await;
    assert_eq!(refused.error(409), "The client of this proposal was deleted");
}

#[tokio::test]
async fn a_milestone_has_one_invoice_and_is_paid_with_it() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let tax = user.tax(json!({"name": "VAT", "rate": 10})).await;
    user.put("/settings", json!({"invoicing": {"taxIds": [tax]}})).await.data(200);
    let client = user.client("ශ්‍රී ලංකා").await;
    let body = json!({"clientId": client, "name": "Shop", "currency": "XOF"});
    let project = id(user.post("/projects", body).await.data(201));
    for (status, is_completed) in [("pending", false), ("completed", true)] {
        let body = json!({
            "projectId": project, "name": "සැලසුම", "amount": 1000, "status": status,
        });
        let milestone = id(user.post("/milestones", body).await.data(201));
        let path = format!("/milestones/{milestone}/invoice");
        let cancelled = id(&act(&user, &path, 201).await);
        user.delete(&format!("/invoices/{cancelled}")).await.data(200);
        has(&invoice_of(&user, &cancelled).await, &json!({"milestoneId": null}));

        let invoice = act(&user, &path, 201).await;
        has(
            &invoice,
            &json!({
                "clientId": client, "projectId": project, "milestoneId": milestone,
                "currency": "XOF", "amount": 1100, "status": "draft",
                // No payment terms are set.
                "dueDate": "2026-04-17T00:00:00Z",
            }),
        );
        assert_eq!(invoice["items"][0]["description"], "සැලසුම");
        let (invoice, number) = (id(&invoice), invoice["number"].as_str().unwrap());
        let again = user.post(&path, json!({})).await;
        let told = format!("This milestone is already invoiced in {number}");
        assert_eq!(again.error(409), told);

        let state = async |status: &str, is_completed: bool| {
            let now = milestone_of(&user, &project, &milestone).await;
            has(&now, &json!({"status": status, "invoiceId": invoice}));
            assert_eq!(now.get("completedAt").is_some(), is_completed, "{now}");
        };
        act(&user, &format!("/invoices/{invoice}/send"), 200).await;
        state(status, is_completed).await;
        let pay = format!("/invoices/{invoice}/payments");
        user.post(&pay, json!({"amount": 600})).await.data(201);
        state(status, is_completed).await;
        let rest = id(user.post(&pay, json!({"amount": 500})).await.data(201));
        state("paid", true).await;
        user.delete(&format!("/payments/{rest}")).await.data(200);
        state(status, is_completed).await;
        // A status set in the meantime is kept.
        act(&user, &format!("/invoices/{invoice}/mark-paid"), 200).await;
        let change = json!({"status": "pending"});
        user.put(&format!("/milestones/{milestone}"), change).await.data(200);
        let listed = user.get(&pay).await;
        user.delete(&format!("/payments/{}", id(&listed.data(200)[0]))).await.data(200);
        state("pending", false).await;
    }
    let body = json!({"projectId": project, "name": "M", "amount": 10, "status": "paid"});
    let paid = id(user.post("/milestones", body).await.data(201));
    let refused = user.post(&format!("/milestones/{paid}/invoice"), json!({})).await;
    assert_eq!(refused.error(409), "This milestone is already paid");
}

#[tokio::test]
async fn a_voided_invoice_frees_its_milestone_and_takes_the_payment_back() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Ngozi").await;
    let project = user.project(&client, "Shop").await;
    let milestone = user.milestone(&project, "Design").await;
    let path = format!("/milestones/{milestone}/invoice");
    let due = json!({"dueDate": "2026-04-01"});
    let invoice = user.post(&path, due).await.data(201).clone();
    has(&invoice, &json!({"dueDate": "2026-04-01T00:00:00Z"}));
    let invoice = id(&invoice);
    act(&user, &format!("/invoices/{invoice}/send"), 200).await;
    user.post(&path, json!({})).await.error(409);
    let void = json!({"reason": "Wrong"});
    user.post(&format!("/invoices/{invoice}/void"), void).await.data(201);
    has(
        &milestone_of(&user, &project, &milestone).await,
        &json!({
            "status": "pending", "invoiceId": null,
        }),
    );
    act(&user, &path, 201).await;
}

#[tokio::test]
async fn concurrent_requests_make_one_invoice_of_a_milestone_and_one_project_of_a_proposal() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Ngozi").await;
    let project = user.project(&client, "Shop").await;
    let milestone = user.milestone(&project, "Design").await;
    let proposal = user.accepted_proposal(&client).await;
    for (path, list, before) in [
        (format!("/milestones/{milestone}/invoice"), "/invoices", 0),
        (format!("/proposals/{proposal}/project"), "/projects", 1),
    ] {
        let make = || user.post(&path, json!({}));
        let made = tokio::join!(make(), make(), make());
        let mut statuses = [made.0, made.1, made.2].map(|answer| answer.status.as_u16());
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409, 409]);
        assert_eq!(user.get(list).await.body["total"], before + 1);
    }
}

#[tokio::test]
async fn an_invoice_is_made_from_a_proposal_of_its_client_in_its_currency() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let (client, other) = (user.client("Ngozi").await, user.client("Kamala").await);
    let proposal = user.accepted_proposal(&client).await;
    let body = |client: &str, more: Value| {
        let mut body = json!({
            "clientId": client, "proposalId": proposal, "dueDate": "2026-04-15",
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let refused = user.post("/invoices", body(&other, json!({}))).await;
    assert_eq!(refused.error(400), "proposalId belongs to another client");
    let refused = user.post("/invoices", body(&client, json!({"currency": "EUR"}))).await;
    assert_eq!(refused.error(400), "currency must be USD, the currency of the proposal");
    // The values in the request take precedence.
    let own = json!({"currency": "EUR", "amount": 70});
    let made = user.post("/invoices", body(&client, own)).await.data(201).clone();
    has(&made, &json!({"currency": "EUR", "amount": 70, "proposalId": proposal}));
    // A deleted proposal is no longer linked.
    let open = user.proposal(&client, "Another").await;
    let mut body = body(&client, json!({"amount": 5}));
    body["proposalId"] = open.as_str().into();
    let made = id(user.post("/invoices", body).await.data(201));
    user.delete(&format!("/proposals/{open}")).await.data(200);
    has(&invoice_of(&user, &made).await, &json!({"proposalId": null}));
}

/// Creates a sent proposal for 1,200 (1,000 plus 20%). Returns its id and link.
async fn offered(user: &User<'_>, client: &str, deposit: Value) -> (String, String) {
    let body = json!({
        "clientId": client, "title": "Shop", "currency": "EUR", "deposit": deposit,
        "items": [{
            "description": "Design", "quantity": 1, "rate": 1000,
            "taxes": [{"name": "VAT", "rate": 20}],
        }],
    });
    let made = user.post("/proposals", body).await.data(201).clone();
    let sent = act(user, &format!("/proposals/{}/send", id(&made)), 200).await;
    (id(&made), sent["publicLink"].as_str().unwrap().to_owned())
}

async fn accept(user: &User<'_>, link: &str) {
    let token = link.rsplit('/').next().unwrap();
    let path = format!("/public/proposals/{token}/accept");
    user.app.hub_post(&path, json!({"name": "Ngozi"})).await.bare(200);
}

#[tokio::test]
async fn the_way_from_a_proposal_to_money() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Ngozi").await;
    let (proposal, link) = offered(&user, &client, json!({"percent": 30})).await;
    has(
        &proposal_of(&user, &proposal).await,
        &json!({
            "amount": 1200, "deposit": {"percent": 30}, "depositInvoiceId": null,
        }),
    );

    // The client accepts, and gets the deposit invoice immediately.
    accept(&user, &link).await;
    let now = proposal_of(&user, &proposal).await;
    assert_eq!(now["status"], "accepted");
    let deposit = now["depositInvoiceId"].as_str().unwrap().to_owned();
    has(&now, &json!({"invoiceId": null, "projectId": null}));
    has(
        &invoice_of(&user, &deposit).await,
        &json!({
            "kind": "deposit", "status": "sent", "amount": 360, "subtotal": 300, "taxAmount": 60,
            "currency": "EUR", "proposalId": proposal, "projectId": null, "finalInvoiceId": null,
            "taxes": [{"name": "VAT", "rate": 20, "category": "S", "base": 300, "amount": 60}],
        }),
    );
    let mails = app.mails().await;
    let copy = mails.iter().find(|mail| mail.to() == "c@example.com").unwrap();
    assert!(copy.text.contains("/i/") && copy.text.contains("€360.00"), "{}", copy.text);

    // The project includes the deposit.
    let project = id(&act(&user, &format!("/proposals/{proposal}/project"), 201).await);
    has(&invoice_of(&user, &deposit).await, &json!({"projectId": project}));
    let paid = act(&user, &format!("/invoices/{deposit}/mark-paid"), 200).await;
    has(&paid, &json!({"status": "paid", "amountPaid": 360}));

    // A milestone is invoiced and paid.
    let milestone = user.milestone(&project, "Design").await;
    let first = act(&user, &format!("/milestones/{milestone}/invoice"), 201).await;
    has(
        &first,
        &json!({
            "amount": 100, "projectId": project, "milestoneId": milestone, "currency": "EUR",
        }),
    );
    act(&user, &format!("/invoices/{}/send", id(&first)), 200).await;
    act(&user, &format!("/invoices/{}/mark-paid", id(&first)), 200).await;
    has(&milestone_of(&user, &project, &milestone).await, &json!({"status": "paid"}));

    // The final invoice deducts the deposit.
    let body = json!({
        "clientId": client, "proposalId": proposal, "dueDate": "2026-05-01",
        "deductDeposits": true,
    });
    let last = user.post("/invoices", body).await.data(201).clone();
    has(
        &last,
        &json!({
            "amount": 840, "subtotal": 700, "taxAmount": 140, "amountDue": 840, "kind": "invoice",
            "projectId": project, "proposalId": proposal, "deductDeposits": true, "taxRate": 20,
        }),
    );
    let deducted = &last["items"][1];
    has(
        deducted,
        &json!({
            "description": format!("Less deposit {}", paid["number"].as_str().unwrap()),
            "amount": -300, "rate": -300, "depositInvoiceId": deposit,
        }),
    );
    let last = id(&last);
    has(&invoice_of(&user, &deposit).await, &json!({"finalInvoiceId": last}));
    has(
        &proposal_of(&user, &proposal).await,
        &json!({
            "invoiceId": last, "depositInvoiceId": deposit, "projectId": project,
        }),
    );
    act(&user, &format!("/invoices/{last}/send"), 200).await;
    let pay = format!("/invoices/{last}/payments");
    user.post(&pay, json!({"amount": 840})).await.data(201);
    has(&invoice_of(&user, &last).await, &json!({"status": "paid", "amountDue": 0}));
    // 360 + 100 + 840 in all.
    let billed = user.get(&format!("/clients/{client}")).await;
    let payments = user.get("/payments").await.data(200).as_array().unwrap().clone();
    let sum: f64 = payments.iter().map(|payment| payment["amount"].as_f64().unwrap()).sum();
    assert_eq!((sum, billed.data(200)["id"].as_str()), (1300.0, Some(&*client)));
    crate::store::rollup::assert_rollups(app.database());
}

#[tokio::test]
async fn a_deposit_is_deducted_once_and_again_after_its_invoice_is_cancelled() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Ngozi").await;
    let (proposal, link) = offered(&user, &client, json!({"amount": 360})).await;
    accept(&user, &link).await;
    let project = id(&act(&user, &format!("/proposals/{proposal}/project"), 201).await);
    let deposit = proposal_of(&user, &proposal).await["depositInvoiceId"].clone();
    let deposit = deposit.as_str().unwrap();
    let line = |net: u32| {
        json!([{
            "description": "A", "quantity": 1, "rate": net,
            "taxes": [{"name": "VAT", "rate": 20}],
        }])
    };
    let make = |gross: u32| {
        let body = json!({
            "clientId": client, "projectId": project, "dueDate": "2026-05-01",
            "items": line(gross * 10 / 12), "deductDeposits": true,
        });
        user.post("/invoices", body)
    };
    let made = tokio::join!(make(600), make(600), make(600));
    let made = [made.0, made.1, made.2].map(|answer| answer.data(201).clone());
    let mut amounts: Vec<_> = made.iter().map(|of| of["amount"].as_f64().unwrap()).collect();
    amounts.sort_by(f64::total_cmp);
    assert_eq!(amounts, [240.0, 600.0, 600.0]);
    let first = made.iter().find(|of| of["amount"] == 240).unwrap();
    let first = id(first);
    has(&invoice_of(&user, deposit).await, &json!({"finalInvoiceId": first}));
    // While it is deducted, it cannot be undone.
    let credit = json!({"reason": "No"});
    let number = invoice_of(&user, &first).await["number"].as_str().unwrap().to_owned();
    for path in ["void", "credit-notes"] {
        let refused = user.post(&format!("/invoices/{deposit}/{path}"), credit.clone()).await;
        let told = format!(
            "This deposit is deducted on invoice {number}; delete or void that invoice first"
        );
        assert_eq!(refused.error(409), told);
    }

    // The response can be sent back as it is.
    let path = format!("/invoices/{first}");
    let read = invoice_of(&user, &first).await;
    has(user.put(&path, read.clone()).await.data(200), &json!({"amount": 240}));
    // Different lines, the same deposit.
    let change = json!({"items": line(1000)});
    has(user.put(&path, change).await.data(200), &json!({"amount": 840}));
    has(
        user.put(&path, json!({"deductDeposits": false})).await.data(200),
        &json!({
            "amount": 1200, "deductDeposits": false,
        }),
    );
    has(&invoice_of(&user, deposit).await, &json!({"finalInvoiceId": null}));
    has(user.put(&path, json!({"deductDeposits": true})).await.data(200), &json!({"amount": 840}));

    // It is available again when the draft is deleted, and when the invoice is voided.
    user.delete(&path).await.data(200);
    has(&invoice_of(&user, deposit).await, &json!({"finalInvoiceId": null}));
    let second = id(make(1200).await.data(201));
    has(&invoice_of(&user, &second).await, &json!({"amount": 840}));
    act(&user, &format!("/invoices/{second}/send"), 200).await;
    has(&invoice_of(&user, deposit).await, &json!({"finalInvoiceId": second}));
    let refused = user.put(&format!("/invoices/{second}"), json!({"deductDeposits": false})).await;
    refused.error(409);
    user.post(&format!("/invoices/{second}/void"), json!({"reason": "No"})).await.data(201);
    has(&invoice_of(&user, deposit).await, &json!({"finalInvoiceId": null}));

    // It deducts at most the total.
    let third = make(120).await.data(201).clone();
    has(&third, &json!({"amount": 0, "taxAmount": 0}));
    has(&make(600).await.data(201).clone(), &json!({"amount": 600}));
    crate::store::rollup::assert_rollups(app.database());
}

#[tokio::test]
async fn a_deposit_is_a_part_of_the_total_spread_over_its_taxes() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Ngozi").await;
    let taxes = |name: &str, rate: u8| json!([{"name": name, "rate": rate}]);
    // 157.5 with taxes of 18 and 4.5, because the lines share the discount.
    let body = json!({
        "clientId": client, "title": "Shop", "currency": "EUR", "discount": {"amount": 15},
        "items": [
            {"description": "A", "quantity": 1, "rate": 100, "taxes": taxes("VAT", 20)},
            {"description": "B", "quantity": 1, "rate": 50, "taxes": taxes("Reduced", 10)},
        ],
    });
    let proposal = id(user.post("/proposals", body).await.data(201));
    let path = format!("/proposals/{proposal}/deposit-invoice");
    let refused = user.post(&path, json!({"percent": 50})).await;
    assert_eq!(refused.error(409), "This proposal has not been accepted yet");
    let accepted = json!({"status": "accepted"});
    user.put(&format!("/proposals/{proposal}"), accepted).await.data(200);
    for (body, told) in [
        (json!({}), "percent is required"),
        (json!({"percent": 10, "amount": 1}), "amount must not be given beside percent"),
        (json!({"percent": 0}), "percent must be greater than 0"),
        (json!({"amount": 157.51}), "amount must not be more than 157.5"),
        (json!({"amount": 0.001}), "amount must have at most 2 decimals"),
    ] {
        assert_eq!(user.post(&path, body).await.error(400), told);
    }
    let due = json!({"percent": 50, "dueDate": "2026-03-20"});
    let deposit = user.post(&path, due).await.data(201).clone();
    has(
        &deposit,
        &json!({
            "amount": 78.75, "kind": "deposit", "status": "draft", "taxAmount": 11.25,
            "dueDate": "2026-03-20T00:00:00Z", "proposalId": proposal,
        }),
    );
    assert_eq!(deposit["taxes"][0]["amount"], 9);
    assert_eq!(deposit["taxes"][1]["amount"], 2.25);
    assert_eq!(deposit["items"][0]["description"], "50% deposit: Shop");
    // All deposits together cannot exceed the total.
    let refused = user.post(&path, json!({"percent": 51})).await;
    assert_eq!(refused.error(400), "percent must not be more than 78.75");

    // A draft is not deducted.
    let last = json!({
        "clientId": client, "proposalId": proposal, "dueDate": "2026-05-01",
        "deductDeposits": true,
    });
    let none = user.post("/invoices", last.clone()).await.data(201).clone();
    has(&none, &json!({"amount": 157.5}));
    act(&user, &format!("/invoices/{}/send", id(&deposit)), 200).await;
    let whole = user.post("/invoices", last).await.data(201).clone();
    // The discount still applies to the work only.
    has(&whole, &json!({"amount": 78.75, "discountAmount": 15, "taxAmount": 11.25}));
    assert_eq!(whole["taxes"][0]["base"], 45);
    assert_eq!(whole["taxes"][1]["base"], 22.5);
    // A copy is a separate invoice.
    let copy = freelanceos::domain::id::InvoiceId::parse(&id(&whole));
    let duplicate = move |work: &mut freelanceos::app::unit_of_work::Work| {
        freelanceos::app::invoice::duplicate_invoice(work, copy)
    };
    let copy = app.app.run(user.claims(), duplicate).await.unwrap();
    has(
        &invoice_of(&user, &copy.invoice.id.to_string()).await,
        &json!({
            "amount": 157.5, "deductDeposits": false, "proposalId": null,
        }),
    );
}

#[tokio::test]
async fn deposits_keep_to_their_currency_their_prices_and_their_scope() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let tax = user.tax(json!({"name": "VAT", "rate": 7.5})).await;
    user.put("/settings", json!({"invoicing": {"taxIds": [tax]}})).await.data(200);
    let client = user.client("Ngozi").await;
    for (currency, amount, deposit) in [("XOF", json!(1000), 333), ("KWD", json!(1.001), 1)] {
        let body = json!({
            "clientId": client, "title": "P", "amount": amount, "currency": currency,
        });
        let proposal = id(user.post("/proposals", body).await.data(201));
        let accepted = json!({"status": "accepted"});
        user.put(&format!("/proposals/{proposal}"), accepted).await.data(200);
        let path = format!("/proposals/{proposal}/deposit-invoice");
        let asked = user.post(&path, json!({"amount": deposit})).await.data(201).clone();
        has(&asked, &json!({"amount": deposit, "currency": currency, "taxRate": 7.5}));
        act(&user, &format!("/invoices/{}/send", id(&asked)), 200).await;
        let last = |more: Value| {
            let mut body = json!({
                "clientId": client, "dueDate": "2026-05-01", "deductDeposits": true,
            });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            user.post("/invoices", body)
        };
        let refused = last(json!({"amount": 1})).await;
        assert_eq!(refused.error(400), "proposalId is required");
        let deposit_of_it = json!({"proposalId": proposal, "kind": "deposit"});
        let refused = last(deposit_of_it).await;
        assert_eq!(refused.error(400), "deductDeposits must not be given beside kind");
        // An invoice in another currency deducts nothing.
        let other = json!({"proposalId": proposal, "amount": 5, "currency": "EUR"});
        has(last(other).await.data(201), &json!({"amount": 5}));
        let whole = last(json!({"proposalId": proposal})).await.data(201).clone();
        let (sum, rest) = (amount.as_f64().unwrap(), whole["amount"].as_f64().unwrap());
        let unit = if currency == "XOF" { 1.0 } else { 0.001 };
        assert!((sum - f64::from(deposit) - rest).abs() < unit * 1.01, "{whole}");
        // An invoice whose prices include tax deducts it too.
        user.delete(&format!("/invoices/{}", id(&whole))).await.data(200);
        let inclusive = last(json!({
            "proposalId": proposal, "pricesIncludeTax": true,
            "items": [{"description": "All", "quantity": 1, "rate": amount}],
        }));
        let inclusive = inclusive.await.data(201).clone();
        assert_eq!(inclusive["items"][1]["amount"], -deposit);
    }
    // Another account's proposal is not found.
    let other = app.register("other@example.com").await;
    let theirs = other.accepted_proposal(&other.client("C").await).await;
    let path = format!("/proposals/{theirs}/deposit-invoice");
    user.post(&path, json!({"percent": 10})).await.error(404);
}

#[tokio::test]
async fn a_deposit_asked_for_at_acceptance_must_fit_the_proposal() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Ngozi").await;
    let body = |deposit: Value| json!({"clientId": client, "title": "P", "amount": 100, "deposit": deposit});
    for (deposit, told) in [
        (json!({"amount": 100.01}), "deposit.amount must not be more than 100"),
        (json!({"percent": 0}), "deposit.percent must be greater than 0"),
        (json!({}), "deposit.percent is required"),
    ] {
        assert_eq!(user.post("/proposals", body(deposit)).await.error(400), told);
    }
    let made = user.post("/proposals", body(json!({"amount": 60}))).await.data(201).clone();
    let path = format!("/proposals/{}", id(&made));
    let refused = user.put(&path, json!({"amount": 50})).await;
    assert_eq!(refused.error(400), "deposit.amount must not be more than 50");
    has(
        user.put(&path, json!({"deposit": null, "amount": 50})).await.data(200),
        &json!({
            "deposit": null,
        }),
    );
    let half = json!({"deposit": {"percent": 50}});
    user.put(&path, half).await.data(200);
    // An acceptance recorded by the freelancer creates the deposit invoice as well; a decline does
    // not.
    let now = user.put(&path, json!({"status": "accepted"})).await.data(200).clone();
    let deposit = now["depositInvoiceId"].as_str().unwrap();
    has(&invoice_of(&user, deposit).await, &json!({"amount": 25, "status": "sent"}));
    let declined = id(user.post("/proposals", body(json!({"percent": 50}))).await.data(201));
    let path = format!("/proposals/{declined}");
    let now = user.put(&path, json!({"status": "rejected"})).await.data(200).clone();
    has(&now, &json!({"depositInvoiceId": null}));
    assert_eq!(user.get("/invoices").await.body["total"], 1);
}
