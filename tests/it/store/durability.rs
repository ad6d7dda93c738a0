//! The program itself, killed and asked to stop.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// How long a child may take to start, to say something or to end.
const PATIENCE: Duration = Duration::from_secs(30);
const ROUNDS: u64 = 20;

/// A running `freelanceos serve`. It is killed when it is dropped.
struct Server {
    child: Child,
    log: mpsc::Receiver<String>,
    address: String,
}

impl Server {
    fn start(data_dir: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_freelanceos"))
            .arg("serve")
            .env_clear()
            .env("LISTEN", "127.0.0.1:0")
            .env("DATA_DIR", data_dir)
            .env("RATE_LIMIT", "off")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (lines, log) = mpsc::channel();
        thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|l| lines.send(l)));
        let mut server = Self { child, log, address: String::new() };
        let line = server.wait_for("listening on http://");
        let (_, address) = line.split_once("http://").unwrap();
        server.address = address.split(',').next().unwrap().to_owned();
        server
    }

    /// The next line of the log that says this.
    fn wait_for(&self, what: &str) -> String {
        let mut seen = Vec::new();
        loop {
            match self.log.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(what) => return line,
                Ok(line) => seen.push(line),
                Err(error) => panic!("{error}: {what:?} is not in {seen:#?}"),
            }
        }
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn terminate(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One account, and what the server has acknowledged to it.
struct Account {
    token: String,
    clients: Mutex<BTreeSet<String>>,
    /// Id → number, amount, and whether it was paid.
    invoices: Mutex<BTreeMap<String, (String, i64, bool)>>,
}

/// Asks and answers the data, or `None` where no answer came.
async fn ask(server: &str, method: &str, token: &str, path: &str, body: Value) -> Option<Value> {
    let http = reqwest::Client::builder().timeout(PATIENCE).build().unwrap();
    ask_with(&http, server, method, token, path, body).await
}

async fn ask_with(
    http: &reqwest::Client,
    server: &str,
    method: &str,
    token: &str,
    path: &str,
    body: Value,
) -> Option<Value> {
    let request = http.request(method.parse().unwrap(), format!("http://{server}/api/v1{path}"));
    let request = if method == "GET" { request } else { request.json(&body) };
    let answer = request.bearer_auth(token).send().await.ok()?;
    let status = answer.status();
    let body: Value = serde_json::from_str(&answer.text().await.ok()?).ok()?;
    assert!(status.is_success(), "{method} {path}: {status} {body}");
    Some(body)
}

async fn register(server: &str, name: &str) -> Account {
    let body = json!({
        "email": format!("{name}@example.com"), "password": "SecurePass123",
        "firstName": "A", "lastName": "B",
    });
    let answer = ask(server, "POST", "", "/auth/register", body).await.unwrap();
    let token = answer["data"]["token"].as_str().unwrap().to_owned();
    Account { token, clients: Mutex::default(), invoices: Mutex::default() }
}

/// Writes on one connection until the server is gone, and notes what it said was done.
async fn write(server: String, account: Arc<Account>, worker: i64) {
    let http = reqwest::Client::new();
    let post = async |path: &str, body: Value| {
        let answer = ask_with(&http, &server, "POST", &account.token, path, body).await?;
        Some(answer["data"].clone())
    };
    for round in 0.. {
        let details = json!({"name": "C", "email": "c@example.com"});
        let Some(client) = post("/clients", details).await else { return };
        let client = client["id"].as_str().unwrap().to_owned();
        account.clients.lock().unwrap().insert(client.clone());
        for number in 0..6 {
            let amount = 1 + worker * 100 + round % 7 * 10 + number;
            let body = json!({"clientId": client, "amount": amount, "dueDate": "2099-12-31"});
            let Some(made) = post("/invoices", body).await else { return };
            let id = made["id"].as_str().unwrap().to_owned();
            let known = (made["number"].as_str().unwrap().to_owned(), amount, false);
            account.invoices.lock().unwrap().insert(id.clone(), known);
            if number % 3 > 0 && post(&format!("/invoices/{id}/send"), json!({})).await.is_none() {
                return;
            }
            if number % 3 > 1 {
                let paid = post(&format!("/invoices/{id}/mark-paid"), json!({})).await;
                let Some(_) = paid else { return };
                account.invoices.lock().unwrap().get_mut(&id).unwrap().2 = true;
            }
        }
    }
}

/// Every entry of a list, whose total must be their number.
async fn list(server: &str, token: &str, noun: &str) -> Vec<Value> {
    let mut entries = Vec::new();
    for page in 1.. {
        let path = format!("/{noun}?pageSize=100&page={page}");
        let answer = ask(server, "GET", token, &path, Value::Null).await.unwrap();
        let data = answer["data"].as_array().unwrap();
        entries.extend(data.iter().cloned());
        if data.len() < 100 {
            assert_eq!(answer["total"], entries.len(), "{noun}");
            break;
        }
    }
    entries
}

async fn check(server: &str, account: &Account) {
    let clients = list(server, &account.token, "clients").await;
    let ids: BTreeSet<_> = clients.iter().map(|c| c["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), clients.len());
    assert!(account.clients.lock().unwrap().is_subset(&ids), "an acknowledged client is gone");

    let rows = list(server, &account.token, "invoices").await;
    let mut numbers: Vec<_> =
        rows.iter().map(|i| i["number"].as_str().unwrap().to_owned()).collect();
    numbers.sort_by_key(|number| number.rsplit('-').next().unwrap().parse::<usize>().unwrap());
    let year = numbers.first().map_or("", |number| &number[..9]).to_owned();
    let expected: Vec<_> = (1..=numbers.len()).map(|n| format!("{year}{n:03}")).collect();
    assert_eq!(numbers, expected, "numbers have a gap or a double");

    let by_id: BTreeMap<_, _> = rows.iter().map(|row| (row["id"].as_str().unwrap(), row)).collect();
    for (id, (number, amount, paid)) in account.invoices.lock().unwrap().iter() {
        let row = by_id.get(id.as_str()).unwrap_or_else(|| panic!("{number} is gone"));
        assert_eq!((&row["number"], &row["amount"]), (&json!(number), &json!(amount)));
        assert!(!paid || row["status"] == "paid", "the payment of {number} is gone");
    }
    let of = |status: &str| {
        let rows = rows.iter().filter(|row| row["status"] == status);
        let amounts: Vec<i64> = rows.map(|row| row["amount"].as_i64().unwrap()).collect();
        (amounts.len(), amounts.iter().sum::<i64>())
    };
    let stats = ask(server, "GET", &account.token, "/dashboard/stats", Value::Null).await.unwrap();
    let stats = &stats["data"];
    assert_eq!(stats["totalEarnings"], of("paid").1);
    assert_eq!(stats["pendingInvoices"], of("sent").0);
    assert_eq!(stats["pendingInvoicesAmount"], of("sent").1);
    assert_eq!(stats["overdueInvoices"], 0);
    let billed: i64 = clients.iter().map(|client| client["totalBilled"].as_i64().unwrap()).sum();
    assert_eq!(billed, of("paid").1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_has_lost_nothing_it_acknowledged() {
    let folder = TempDir::new().unwrap();
    let mut server = Server::start(folder.path());
    let mut accounts = Vec::new();
    let mut written = 0;
    for round in 0..ROUNDS {
        let account = Arc::new(register(&server.address, &format!("a{round}")).await);
        let writers: Vec<_> = (0..4)
            .map(|worker| tokio::spawn(write(server.address.clone(), Arc::clone(&account), worker)))
            .collect();
        // No moment is better than another; a multiplier scatters them, the same in every run.
        tokio::time::sleep(Duration::from_millis(20 + round * 7919 % 230)).await;
        server.kill();
        for writer in join_all(writers).await {
            writer.unwrap();
        }
        written += account.invoices.lock().unwrap().len();
        server = Server::start(folder.path());
        check(&server.address, &account).await;
        accounts.push(account);
    }
    assert!(written > 100, "only {written} invoices were written before the kills");
    for account in accounts {
        check(&server.address, &account).await;
    }
    super::rollup::assert_rollups(&folder.path().join("freelanceos.db"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_lets_running_requests_finish_and_exits_with_0() {
    let folder = TempDir::new().unwrap();
    let mut server = Server::start(folder.path());
    let account = register(&server.address, "a").await;
    let body = json!({"name": "Last", "email": "last@example.com"}).to_string();
    let (first, rest) = body.split_at(10);
    let mut stream = TcpStream::connect(&server.address).await.unwrap();
    let head = format!(
        "POST /api/v1/clients HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{first}",
        account.token,
        body.len(),
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // The answer to a second request says that the first has arrived before it.
    ask(&server.address, "GET", &account.token, "/clients", Value::Null).await.unwrap();
    server.terminate();
    server.wait_for("stopping");
    stream.write_all(rest.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    assert_eq!(server.wait().code(), Some(0));

    let server = Server::start(folder.path());
    let clients = list(&server.address, &account.token, "clients").await;
    assert_eq!(clients.len(), 1);
    assert_eq!(clients[0]["name"], "Last");
}
