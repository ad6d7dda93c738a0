//! PocketBase with the same rows. Its collections have the indexes and rules that a careful user
//! would add, and its dashboard is a view of sums.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::{Value, json};

use crate::Failure;
use crate::fill;
use crate::http::{COUNTER, Connection, Request};
use crate::measure::Scenario;
use crate::report::status;
use crate::server::{Folder, Server, command, free_address};

/// Records per request while filling.
const BATCH: usize = 200;

/// A running PocketBase with data.
pub struct PocketBase {
    pub server: Server,
    token: String,
    user: String,
    clients: Vec<String>,
}

impl PocketBase {
    /// Starts it in an empty folder, and adds a user with clients and invoices. As with `--mixed`,
    /// a third are drafts, a third sent, a third paid.
    pub fn start(
        binary: &Path,
        folder: &Folder,
        clients: usize,
        invoices: usize,
    ) -> Result<Self, Failure> {
        let data = folder.data();
        let made = command(binary)
            .args(["superuser", "upsert", fill::EMAIL, fill::PASSWORD])
            .arg("--dir")
            .arg(&data)
            .output()?;
        if !made.status.success() {
            let said = String::from_utf8_lossy(&made.stderr).into_owned();
            return Err(format!("PocketBase made no superuser: {said}").into());
        }
        let address = free_address()?;
        let mut command = command(binary);
        command.arg("serve").arg(format!("--http={address}")).arg("--dir").arg(&data);
        let server = Server::spawn(command, address, folder, "/api/health")?;
        let admin = sign_in(address, "_superusers")?;
        let made = ask(
            address,
            &post(
                "users/records",
                &admin,
                &json!({
                    "email": fill::EMAIL,
                    "password": fill::PASSWORD,
                    "passwordConfirm": fill::PASSWORD,
                }),
            ),
        )?;
        let user = text(&made, "id")?;
        let patch = Request::send_json(
            "PATCH",
            "/api/settings",
            Some(&admin),
            &json!({
                "batch": { "enabled": true, "maxRequests": BATCH, "timeout": 30 },
            }),
        );
        ask(address, &patch)?;
        for collection in collections() {
            ask(address, &Request::post("/api/collections", Some(&admin), &collection))?;
        }
        let clients = add(address, &admin, "clients", clients, |n| {
            owned(fill::client(&format!("{n:06}")), &user)
        })?;
        let names = clients.clone();
        add(address, &admin, "invoices", invoices, |n| invoice(n, &names, &user))?;
        let token = sign_in(address, "users")?;
        Ok(Self { server, token, user, clients })
    }

    /// The PocketBase requests that match a scenario, or none if there is no counterpart.
    pub fn requests(&self, scenario: Scenario) -> Vec<Request> {
        let get = |path: &str| Request::get(&format!("/api/collections/{path}"), Some(&self.token));
        match scenario {
            Scenario::Client => {
                self.clients.iter().map(|id| get(&format!("clients/records/{id}"))).collect()
            }
            Scenario::Clients => vec![get("clients/records?perPage=20&sort=-created")],
            Scenario::Invoices => {
                vec![get("invoices/records?perPage=20&sort=-created&expand=client")]
            }
            Scenario::Stats => vec![get(&format!("stats/records/{}", self.user))],
            Scenario::CreateClient => {
                vec![post(
                    "clients/records",
                    &self.token,
                    &owned(fill::client(COUNTER), &self.user),
                )]
            }
            Scenario::CreateInvoice => (0..self.clients.len())
                .map(|n| {
                    let draft = invoice(n * 3, &self.clients, &self.user);
                    post("invoices/records", &self.token, &draft)
                })
                .collect(),
            Scenario::Floor | Scenario::Login => Vec::new(),
        }
    }
}

/// The collections, each after those it refers to.
fn collections() -> [Value; 3] {
    let text = |name: &str| json!({ "name": name, "type": "text" });
    let number = |name: &str| json!({ "name": name, "type": "number" });
    let user = json!({
        "name": "user", "type": "relation", "collectionId": "_pb_users_auth_", "maxSelect": 1,
        "required": true,
    });
    let created = json!({ "name": "created", "type": "autodate", "onCreate": true });
    let own = "user = @request.auth.id";
    [
        json!({
            "id": "pbc_clients0001",
            "name": "clients",
            "type": "base",
            "listRule": own, "viewRule": own, "createRule": own,
            "fields": [
                user.clone(), text("name"), { "name": "email", "type": "email" },
                text("company"), text("phone"), text("country"), created.clone(),
            ],
            "indexes": ["CREATE INDEX clients_of_user ON clients (user, created)"],
        }),
        json!({
            "id": "pbc_invoices001",
            "name": "invoices",
            "type": "base",
            "listRule": own, "viewRule": own, "createRule": own,
            "fields": [
                user,
                {
                    "name": "client", "type": "relation", "collectionId": "pbc_clients0001",
                    "maxSelect": 1, "required": true,
                },
                text("number"), text("currency"), number("amount"), text("status"),
                text("dueDate"), text("notes"), { "name": "items", "type": "json" }, created,
            ],
            "indexes": ["CREATE INDEX invoices_of_user ON invoices (user, created)"],
        }),
        json!({
            "name": "stats",
            "type": "view",
            "viewRule": "id = @request.auth.id",
            "viewQuery": "SELECT user AS id, \
                SUM(CASE WHEN status = 'paid' THEN amount ELSE 0 END) AS earned, \
                SUM(CASE WHEN status = 'sent' THEN amount ELSE 0 END) AS open, \
                COUNT(*) AS invoices FROM invoices GROUP BY user",
        }),
    ]
}

fn owned(mut record: Value, user: &str) -> Value {
    record["user"] = user.into();
    record
}

/// The `n`th invoice, with the same texts and sums as in FreelanceOS.
fn invoice(n: usize, clients: &[String], user: &str) -> Value {
    let status = ["draft", "sent", "paid"][n % 3];
    json!({
        "user": user,
        "client": clients[n % clients.len()],
        "number": format!("INV-2026-{n:03}"),
        "currency": "USD",
        "amount": 2250,
        "status": status,
        "dueDate": format!("2026-{:02}-{:02}", 1 + n % 12, 1 + n % 28),
        "notes": "Payment due within 15 days",
        "items": [
            { "description": "UI Design", "quantity": 1, "rate": 1500, "amount": 1500 },
            { "description": "Development", "quantity": 1, "rate": 750, "amount": 750 },
        ],
    })
}

/// Adds records through the batch API, and returns their ids.
fn add(
    address: SocketAddr,
    token: &str,
    collection: &str,
    count: usize,
    record: impl Fn(usize) -> Value,
) -> Result<Vec<String>, Failure> {
    let url = format!("/api/collections/{collection}/records");
    let mut ids = Vec::with_capacity(count);
    while ids.len() < count {
        status(&format!("adding {collection} to PocketBase: {} of {count}", ids.len()));
        let last = count.min(ids.len() + BATCH);
        let requests: Vec<Value> = (ids.len()..last)
            .map(|n| json!({ "method": "POST", "url": url, "body": record(n) }))
            .collect();
        let batch = Request::post("/api/batch", Some(token), &json!({ "requests": requests }));
        let answers = ask(address, &batch)?;
        let made = answers.as_array().ok_or("PocketBase's batch answered no list")?;
        for answer in made {
            ids.push(text(&answer["body"], "id")?);
        }
    }
    status("");
    Ok(ids)
}

fn post(path: &str, token: &str, body: &Value) -> Request {
    Request::post(&format!("/api/collections/{path}"), Some(token), body)
}

fn sign_in(address: SocketAddr, collection: &str) -> Result<String, Failure> {
    let body = json!({ "identity": fill::EMAIL, "password": fill::PASSWORD });
    let path = format!("/api/collections/{collection}/auth-with-password");
    text(&ask(address, &Request::post(&path, None, &body))?, "token")
}

/// Sends a request that must succeed, and returns its JSON response.
fn ask(address: SocketAddr, request: &Request) -> Result<Value, Failure> {
    let mut connection = Connection::open(address)?;
    let answer = connection.send(request, 0)?;
    if !answer.is_success() {
        return Err(format!("PocketBase refused with {}", answer.summary()).into());
    }
    Ok(serde_json::from_slice(answer.body)?)
}

fn text(value: &Value, key: &str) -> Result<String, Failure> {
    let text = value[key].as_str().map(str::to_owned);
    text.ok_or_else(|| format!("no {key} in PocketBase's {value}").into())
}
