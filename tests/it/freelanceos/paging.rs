//! Every list has the same paging and filters, and correct totals.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{User, document::document, spawn_app};

const LISTS: [&str; 5] = ["/clients", "/projects", "/milestones", "/invoices", "/proposals"];

/// The ids on a page.
async fn ids(user: &User<'_>, path: &str) -> Vec<String> {
    let answer = user.get(path).await;
    let entries = answer.data(200).as_array().unwrap();
    entries.iter().map(|entry| entry["id"].as_str().unwrap().to_owned()).collect()
}

/// Adds one entry to each list.
async fn add_one_of_each(user: &User<'_>, client: &str, project: &str) {
    user.client("Client").await;
    user.project(client, "Project").await;
    user.milestone(project, "Milestone").await;
    user.invoice(client, json!(10), "2026-04-15").await;
    user.proposal(client, "Proposal").await;
}

#[tokio::test]
async fn a_list_returns_total_page_and_page_size_with_defaults_one_and_ten() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    for list in LISTS {
        let body = user.get(list).await.body;
        assert_eq!(
            body.to_string(),
            r#"{"success":true,"data":[],"total":0,"page":1,"pageSize":10}"#
        );
        let body = user.get(&format!("{list}?page=1000000&pageSize=100")).await.body;
        assert_eq!(
            body,
            json!({"success": true, "data": [], "total": 0, "page": 1_000_000, "pageSize": 100})
        );
    }
}

#[tokio::test]
async fn pages_split_the_list_newest_first_without_gap_or_overlap() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let (client, project) = (user.client("First").await, String::new());
    let project = if project.is_empty() { user.project(&client, "First").await } else { project };
    for n in 0..11 {
        add_one_of_each(&user, &client, &project).await;
        if n % 3 == 0 {
            app.clock.advance(jiff::SignedDuration::from_secs(1));
        }
    }
    for list in LISTS {
        let all = ids(&user, &format!("{list}?pageSize=100")).await;
        let mut newest_first = all.clone();
        newest_first.sort_by(|a, b| b.cmp(a));
        newest_first.dedup();
        assert_eq!(all, newest_first, "{list}");
        assert_eq!(ids(&user, list).await, all[..10], "{list}");
        for size in [1, 4, 11, 12, 13, 100] {
            let mut pieces = Vec::new();
            for page in 1..=all.len().div_ceil(size) + 1 {
                let path = format!("{list}?page={page}&pageSize={size}");
                let body = user.get(&path).await.body;
                assert_eq!(body["total"], all.len(), "{path}");
                assert_eq!((&body["page"], &body["pageSize"]), (&json!(page), &json!(size)));
                pieces.extend(ids(&user, &path).await);
            }
            assert_eq!(pieces, all, "{list} by {size}");
        }
    }
}

#[tokio::test]
async fn an_invalid_parameter_is_named_with_its_allowed_values() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let mut tried = 0;
    for operation in document(&app).await.operations.iter().filter(|o| o.method == Method::GET) {
        for parameter in operation.spec["parameters"].as_array().into_iter().flatten() {
            let (name, schema) = (parameter["name"].as_str().unwrap(), &parameter["schema"]);
            let (bad, may_be): (&[&str], String) = match (schema["type"].as_str(), &schema["enum"])
            {
                (Some("integer"), _) => (
                    &[
                        "0",
                        "-1",
                        "1.5",
                        "1e1",
                        "x",
                        "+1",
                        "%201",
                        "1000001",
                        "99999999999999999999",
                        "%D9%A1",
                    ],
                    format!(
                        "must be a whole number from 1 to {}",
                        schema["maximum"].as_f64().unwrap()
                    ),
                ),
                (_, Value::Array(words)) => {
                    let words: Vec<&str> =
                        words.iter().map(|word| word.as_str().unwrap()).collect();
                    (
                        &["bogus", "ACTIVE", "Paid", "%00", "null"],
                        format!("must be one of {}", words.join(", ")),
                    )
                }
                _ => continue,
            };
            for value in bad {
                let answer = user.get(&format!("{}?{name}={value}", operation.path)).await;
                assert_eq!(
                    answer.error(400),
                    format!("{name} {may_be}"),
                    "{} {value}",
                    operation.name()
                );
                tried += 1;
            }
        }
    }
    assert!(tried > 100, "only {tried} values were tried");
}

#[tokio::test]
async fn the_bounds_are_those_of_the_contract() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    for list in LISTS {
        for (query, status) in [
            ("page=1", 200),
            ("page=1000000", 200),
            ("page=1000001", 400),
            ("pageSize=1", 200),
            ("pageSize=100", 200),
            ("pageSize=101", 400),
            ("unknown=1", 200),
        ] {
            assert_eq!(user.get(&format!("{list}?{query}")).await.status, status, "{list}?{query}");
        }
    }
    for (query, status) in
        [("limit=1", 200), ("limit=100", 200), ("limit=101", 400), ("limit=0", 400)]
    {
        assert_eq!(
            user.get(&format!("/dashboard/activity?{query}")).await.status,
            status,
            "{query}"
        );
    }
}

#[tokio::test]
async fn several_invalid_parameters_are_all_reported() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    for (list, statuses) in [
        ("projects", "planning, active, on_hold, completed, cancelled"),
        ("invoices", "draft, sent, paid, overdue, cancelled"),
        ("proposals", "draft, sent, accepted, rejected"),
    ] {
        let answer = user.get(&format!("/{list}?pageSize=101&status=bogus&page=0")).await;
        assert_eq!(
            answer.error(400),
            format!(
                "status must be one of {statuses}; page must be a whole number from 1 to 1000000; \
                 pageSize must be a whole number from 1 to 100"
            )
        );
    }
}

#[tokio::test]
async fn a_client_or_project_filter_without_matches_is_an_empty_list() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Client").await;
    let project = user.project(&client, "Project").await;
    add_one_of_each(&user, &client, &project).await;
    for (list, filter) in [
        ("projects", "clientId"),
        ("invoices", "clientId"),
        ("proposals", "clientId"),
        ("milestones", "projectId"),
    ] {
        for id in
            ["client_123", "nonsense", "%25", user.id.as_str(), "client_00000000000000000000000000"]
        {
            let answer = user.get(&format!("/{list}?{filter}={id}")).await;
            assert_eq!(
                (answer.data(200), &answer.body["total"]),
                (&json!([]), &json!(0)),
                "{list} {id}"
            );
        }
    }
}

/// Every list and all its filters.
async fn every_filter(user: &User<'_>) -> Vec<String> {
    let mut filters: Vec<String> = LISTS.iter().map(|list| format!("{list}?")).collect();
    let (clients, projects) =
        (ids(user, "/clients?pageSize=100").await, ids(user, "/projects?pageSize=100").await);
    for (list, statuses) in [
        ("projects", &["planning", "active", "on_hold", "completed", "cancelled"][..]),
        ("invoices", &["draft", "sent", "paid", "overdue", "cancelled"]),
        ("proposals", &["draft", "sent", "accepted", "rejected"]),
    ] {
        for status in statuses {
            filters.push(format!("/{list}?status={status}&"));
            filters
                .extend(clients.iter().map(|id| format!("/{list}?status={status}&clientId={id}&")));
        }
        filters.extend(clients.iter().map(|id| format!("/{list}?clientId={id}&")));
    }
    filters.extend(projects.iter().map(|id| format!("/milestones?projectId={id}&")));
    filters.push("/clients?search=client&".to_owned());
    filters
}

/// Checks that each total equals a recount, and that each filter shows exactly the matching
/// entries.
async fn recount(user: &User<'_>) {
    let mut all = std::collections::HashMap::new();
    for list in LISTS {
        all.insert(list, user.get(&format!("{list}?pageSize=100")).await.body["data"].clone());
    }
    for filter in every_filter(user).await {
        let body = user.get(&format!("{filter}pageSize=100")).await.body;
        let shown = body["data"].as_array().unwrap();
        assert_eq!(body["total"], shown.len(), "{filter}");
        let (list, query) = filter.split_once('?').unwrap();
        // The default list leaves out cancelled invoices.
        if query.contains("search")
            || query.contains("cancelled")
            || (list == "/invoices" && query.contains("clientId"))
        {
            continue;
        }
        let pairs: Vec<_> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        let expected = all[list].as_array().unwrap().iter();
        let expected: Vec<&Value> = expected
            .filter(|entry| pairs.iter().all(|(name, value)| entry[*name] == *value))
            .collect();
        assert_eq!(shown.iter().collect::<Vec<_>>(), expected, "{filter}");
    }
}

#[tokio::test]
async fn totals_stay_correct_after_create_update_and_delete() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let (one, two) = (user.client("Client One").await, user.client("Client Two").await);
    let project = user.project(&one, "Project").await;
    let moved = user.project(&one, "Moved").await;
    for _ in 0..2 {
        add_one_of_each(&user, &one, &project).await;
    }
    let milestone = user.milestone(&project, "Moved").await;
    let (sent, paid, dropped) = (
        user.invoice(&one, json!(10), "2026-04-15").await,
        user.invoice(&two, json!(20), "2026-03-01").await,
        user.invoice(&two, json!(30), "2026-04-15").await,
    );
    let (accepted, deleted) = (user.proposal(&one, "A").await, user.proposal(&two, "B").await);
    recount(&user).await;

    for (method, path, body) in [
        ("PUT", format!("/projects/{project}"), json!({"status": "active"})),
        ("PUT", format!("/projects/{moved}"), json!({"clientId": two, "status": "completed"})),
        ("PUT", format!("/milestones/{milestone}"), json!({"projectId": moved, "status": "paid"})),
        ("POST", format!("/invoices/{sent}/send"), json!({})),
        ("POST", format!("/invoices/{paid}/send"), json!({})),
        ("POST", format!("/invoices/{paid}/mark-paid"), json!({})),
        ("DELETE", format!("/invoices/{dropped}"), json!({})),
        ("PUT", format!("/proposals/{accepted}"), json!({"status": "accepted", "clientId": two})),
        ("POST", format!("/proposals/{deleted}/send"), json!({})),
        ("DELETE", format!("/proposals/{deleted}"), json!({})),
        ("DELETE", format!("/projects/{moved}"), json!({})),
        ("DELETE", format!("/clients/{one}"), json!({})),
        ("PUT", format!("/projects/{project}"), json!({"status": "on_hold"})),
        ("DELETE", format!("/clients/{one}"), json!({})),
        ("DELETE", format!("/clients/{two}"), json!({})),
    ] {
        let method: Method = method.parse().unwrap();
        let request = user.request(method.clone(), &path);
        let request = if method == Method::DELETE { request } else { request.json(&body) };
        let answer = app.send(request).await;
        let expected = if path.ends_with(&one) && answer.status == 409 { 409 } else { 200 };
        assert_eq!(answer.status, expected, "{method} {path} {}", answer.body);
        recount(&user).await;
    }
    assert_eq!(ids(&user, "/projects").await, Vec::<String>::new());
    assert_eq!(user.get("/milestones").await.body["total"], 0);
}
