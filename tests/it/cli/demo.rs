//! `demo`.

use serde_json::Value;

use super::{PASSWORD, Place};

/// A place with the demo account `a@example.com`.
pub fn place() -> Place {
    let place = Place::migrated();
    let ended = place.run_told(&["demo", "--email", "a@example.com"], &format!("{PASSWORD}\n"));
    let said = ended.done();
    assert!(said.starts_with("a@example.com has 25 clients,"), "{said}");
    assert!(said.contains("300 invoices") && !said.contains("password"), "{said}");
    place
}

#[tokio::test]
async fn the_demo_has_two_years_of_work_in_every_status() {
    let place = place();
    let server = place.serve_with(&[("RATE_LIMIT", "off")]);
    let token = server.login("a@example.com", PASSWORD).await.unwrap();
    let get = async |path: &str| -> Value { server.get(path, &token).await.1 };
    let total = async |path: &str| get(path).await["total"].as_u64().expect(path);

    assert_eq!(total("/clients").await, 25);
    let mut invoices = 0;
    for status in ["draft", "sent", "paid", "overdue", "cancelled"] {
        let count = total(&format!("/invoices?status={status}")).await;
        assert!(count > 0, "no invoice is {status}");
        invoices += count;
    }
    // Including the deposit, the milestone and the final invoice of one proposal.
    assert_eq!(invoices, 303);
    let proposals = get("/proposals?status=accepted").await["data"].clone();
    let chain = &proposals[0];
    assert_eq!((&chain["amount"], &chain["deposit"]["percent"]), (&4800.into(), &30.into()));
    assert!(chain["projectId"].is_string(), "{chain}");
    let last = get(&format!("/invoices/{}", chain["invoiceId"].as_str().unwrap())).await;
    assert_eq!(last["data"]["amount"], 3360);
    for status in ["planning", "active", "on_hold", "completed", "cancelled"] {
        let count = total(&format!("/projects?status={status}")).await;
        assert!(count > 0, "no project is {status}");
    }
    for status in ["draft", "sent", "accepted", "rejected"] {
        assert!(total(&format!("/proposals?status={status}")).await > 0, "no proposal is {status}");
    }
    let mut currencies = std::collections::BTreeSet::new();
    for page in 1..=3 {
        let listed = get(&format!("/invoices?pageSize=100&page={page}")).await;
        for invoice in listed["data"].as_array().unwrap() {
            currencies.insert(invoice["currency"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(Vec::from_iter(currencies), ["EUR", "NGN", "USD", "XOF"]);

    let stats = get("/dashboard/stats").await["data"].clone();
    assert_eq!(stats["currency"], "USD");
    assert!(stats["totalEarnings"].as_f64().unwrap() > 50_000.0, "{stats}");
    assert!(stats.get("unconverted").is_none(), "a rate is missing: {stats}");
    let earnings = get("/dashboard/earnings?period=monthly").await["data"].clone();
    let earned = |point: &Value| point["amount"].as_f64().unwrap() > 0.0;
    assert!(earnings.as_array().unwrap()[..11].iter().all(earned), "{earnings}");
    let activity = get("/dashboard/activity?limit=100").await["data"].clone();
    assert_eq!(activity.as_array().unwrap().len(), 100);
    let hub = server.base.replace("/api/v1", "/v1");
    let profile = reqwest::get(format!("{hub}/public/freelancers/amara")).await.unwrap();
    let profile: Value = profile.json().await.unwrap();
    assert_eq!(profile["portfolio"].as_array().unwrap().len(), 2, "{profile}");
    let shown = server.http.get(format!("{hub}/freelancer/dashboard")).bearer_auth(&token);
    let shown: Value = shown.send().await.unwrap().json().await.unwrap();
    assert_eq!(shown["recentMessages"].as_array().unwrap().len(), 2, "{shown}");
    assert_eq!(shown["recentActivity"].as_array().unwrap().len(), 10, "{shown}");
    assert!(!place.path("data/mail").exists(), "the demo mails nobody");
    server.stop();
    let ended = place.run(&["doctor"]);
    assert!(ended.done().lines().all(|line| line.starts_with("ok")), "{}", ended.stdout);
    let ended = place.run(&["admin", "list-mail", "--all", "--json"]);
    assert_eq!(ended.done(), "[]\n", "the demo mails nobody");
}

#[test]
fn the_demo_creates_a_password_once_and_refuses_a_taken_email() {
    let place = Place::migrated();
    let ended = place.run_told(&["demo"], "");
    let password = ended.done().lines().find_map(|line| line.strip_prefix("password: "));
    assert_eq!(password.unwrap().len(), 20);
    let ended = place.run(&["demo"]);
    assert!(ended.refused(1).starts_with("An account with this email already exists"));
    assert_eq!(place.run(&["demo", "--email", "nobody"]).code, 1);
    // The same data for a second account on the same day.
    place.run_told(&["demo", "--email", "b@example.com"], "").done();
    assert_eq!(place.users().len(), 2);
}
