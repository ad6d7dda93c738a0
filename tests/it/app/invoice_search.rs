//! Invoice search on the pages.

use freelanceos::{
    app::invoice::list_invoices,
    domain::{input::Input, invoice::InvoiceFilter},
};
use serde_json::{Value, json};

use crate::support::{FromPage, User, spawn_app};

/// The ids that a filter finds over all pages, and its total.
async fn found(user: &User<'_>, filter: Value) -> Vec<String> {
    let mut ids = Vec::new();
    for page in 1.. {
        let mut asked = filter.clone();
        asked["page"] = page.to_string().into();
        asked["pageSize"] = "2".into();
        let filter = InvoiceFilter::read(&FromPage(&asked)).unwrap();
        let listing = user
            .app
            .app
            .query(user.claims(), move |work| list_invoices(work, &filter))
            .await
            .unwrap();
        if listing.entries.is_empty() {
            assert_eq!(listing.total, ids.len() as u64);
            break;
        }
        ids.extend(listing.entries.iter().map(|shown| shown.invoice.id.to_string()));
    }
    ids
}

#[tokio::test]
async fn search_finds_numbers_and_clients_regardless_of_case() {
    let app = spawn_app().await;
    let (user, other) = (app.register("a@example.com").await, app.register("b@example.com").await);
    let foreign = other.client("Straße 100%").await;
    other.invoice(&foreign, json!(1), "2026-04-15").await;
    let (street, acme) = (user.client("Straße 100%").await, user.client("ACME_1").await);
    user.put(&format!("/clients/{acme}"), json!({"company": "Coyote"})).await.data(200);
    let first = user.invoice(&street, json!(1), "2026-04-15").await;
    let second = user.invoice(&acme, json!(1), "2026-04-15").await;
    for (search, expected) in [
        ("inv-2026-00", vec![&second, &first]),
        ("2026-001", vec![&first]),
        ("STRAßE", vec![&first]),
        ("0%", vec![&first]),
        ("%", vec![&first]),
        ("acme_", vec![&second]),
        ("e_1", vec![&second]),
        ("COYOTE", vec![&second]),
        (" ", vec![&second, &first]),
        ("nobody", vec![]),
        ("\\", vec![]),
    ] {
        let expected: Vec<String> = expected.into_iter().cloned().collect();
        assert_eq!(found(&user, json!({"search": search})).await, expected, "{search}");
    }
    // The documented route does not have this parameter.
    assert_eq!(user.get("/invoices?search=nobody").await.body["total"], 2);
}

#[tokio::test]
async fn search_project_client_and_status_combine() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let clients = [user.client("Alpha").await, user.client("Beta").await];
    let mut projects = Vec::new();
    for client in &clients {
        projects.push(user.project(client, "P").await);
    }
    let statuses = ["draft", "sent", "paid", "overdue", "cancelled"];
    let mut all: Vec<(String, usize, bool, &str)> = Vec::new();
    for round in 0..20 {
        let (client, status) = (round % 3 / 2, statuses[round % 5]);
        let with_project = round % 4 < 2;
        let body = json!({
            "clientId": clients[client], "amount": 1,
            "projectId": with_project.then(|| &projects[client]),
            "dueDate": if status == "overdue" { "2026-03-17" } else { "2026-03-18" },
        });
        let id = user.post("/invoices", body).await.data(201)["id"].as_str().unwrap().to_owned();
        let path = format!("/invoices/{id}");
        match status {
            "draft" => {}
            "cancelled" => drop(user.delete(&path).await.data(200)),
            _ => drop(user.post(&format!("{path}/send"), json!({})).await.data(200)),
        }
        if status == "paid" {
            user.post(&format!("{path}/mark-paid"), json!({})).await.data(200);
        }
        all.push((id, client, with_project, status));
    }
    all.reverse();
    let mut tried = 0;
    for status in [None].into_iter().chain(statuses.map(Some)) {
        for client in [None, Some(0), Some(1)] {
            for project in [None, Some(0), Some(1)] {
                for search in [None, Some("alph"), Some("INV-2026-01")] {
                    let expected: Vec<String> = (all.iter().enumerate())
                        .filter(|(place, (_, of, with_project, is))| {
                            client.is_none_or(|client| client == *of)
                                && project.is_none_or(|of_client| *with_project && of_client == *of)
                                && status.map_or(*is != "cancelled", |status| status == *is)
                                && match search {
                                    None => true,
                                    Some("alph") => *of == 0,
                                    // Numbers 10 to 19 of 20.
                                    Some(_) => (10..20).contains(&(20 - place)),
                                }
                        })
                        .map(|(_, (id, ..))| id.clone())
                        .collect();
                    let filter = json!({
                        "status": status, "clientId": client.map(|client: usize| &clients[client]),
                        "projectId": project.map(|project: usize| &projects[project]),
                        "search": search,
                    });
                    assert_eq!(found(&user, filter.clone()).await, expected, "{filter}");
                    tried += expected.len();
                }
            }
        }
    }
    assert!(tried > 200, "{tried}");
}

#[tokio::test]
async fn order_and_period_apply_to_every_filter() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let clients = [user.client("Alpha").await, user.client("Beta").await];
    let statuses = ["draft", "sent", "paid", "overdue", "cancelled"];
    // Id, number, issue date, due date, client, status.
    let mut all: Vec<(String, String, String, String, usize, &str)> = Vec::new();
    for round in 0..20_usize {
        let (client, status) = (round % 3 / 2, statuses[round % 5]);
        let issued = format!("2026-0{}-{:02}", 1 + round % 2, 1 + round * 7 % 11);
        let due = if status == "overdue" { 1 + round % 5 } else { 18 + round * 3 % 9 };
        let due = format!("2026-03-{due:02}");
        let body = json!({
            "clientId": clients[client], "amount": 1, "issueDate": issued, "dueDate": due,
        });
        let made = user.post("/invoices", body).await;
        let text = |name: &str| made.data(201)[name].as_str().unwrap().to_owned();
        let path = format!("/invoices/{}", text("id"));
        match status {
            "draft" => {}
            "cancelled" => drop(user.delete(&path).await.data(200)),
            _ => drop(user.post(&format!("{path}/send"), json!({})).await.data(200)),
        }
        if status == "paid" {
            user.post(&format!("{path}/mark-paid"), json!({})).await.data(200);
        }
        all.push((text("id"), text("number"), issued, due, client, status));
    }
    let mut tried = 0;
    for status in [None].into_iter().chain(statuses.map(Some)) {
        for client in [None, Some(1)] {
            for (from, to) in [(None, None), (Some("2026-01-05"), Some("2026-02-06"))] {
                for sort in [None, Some("number"), Some("issued"), Some("due")] {
                    let in_period = |day: &str| {
                        from.is_none_or(|from| day >= from) && to.is_none_or(|to| day <= to)
                    };
                    let mut expected: Vec<_> = (all.iter())
                        .filter(|(_, _, issued, _, of, is)| {
                            client.is_none_or(|client| client == *of)
                                && status.map_or(*is != "cancelled", |status| status == *is)
                                && in_period(issued)
                        })
                        .collect();
                    let by_issue = sort == Some("issued") || sort.is_none() && from.is_some();
                    let by_due = sort == Some("due")
                        || sort.is_none() && from.is_none() && status == Some("overdue");
                    expected.sort_by_key(|(id, number, issued, due, ..)| match () {
                        () if by_issue => (issued.clone(), id.clone()),
                        () if by_due => (due.clone(), id.clone()),
                        () if sort.is_some() => (number.clone(), id.clone()),
                        () => (String::new(), id.clone()),
                    });
                    for is_down in [false, true] {
                        let sort = sort.map(|sort| match is_down {
                            true => format!("-{sort}"),
                            false => sort.to_owned(),
                        });
                        let mut ids: Vec<_> = expected.iter().map(|(id, ..)| id.clone()).collect();
                        if is_down || sort.is_none() {
                            ids.reverse();
                        }
                        let filter = json!({
                            "status": status, "clientId": client.map(|client: usize| &clients[client]),
                            "issuedFrom": from, "issuedTo": to, "sort": sort,
                        });
                        assert_eq!(found(&user, filter.clone()).await, ids, "{filter}");
                        tried += ids.len();
                    }
                }
            }
        }
    }
    assert!(tried > 200, "{tried}");
}
