//! The program as its users see it: the real router on a random port, a new database, and the real
//! writer. Only the clock and the randomness are replaced.

pub mod authenticator;
mod connect;
pub mod content;
pub mod document;
pub mod eml;
mod home;
pub mod provider;
pub mod smtp;
pub mod webauthn;

use std::{
    borrow::Cow,
    path::PathBuf,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use freelanceos::{
    app::{
        App, Settings,
        environment::{Clock, Random},
        jobs::Round,
        secret::SecretKey,
    },
    domain::{
        id::{CheckoutId, Id, InvoiceId, MailId},
        input::{Shape, Source},
        job::JobKind,
        session::Claims,
    },
    http::{
        body_budget::BodyBudget,
        middleware::{Middleware, request_id::RequestIds},
    },
    mail::{courier::Courier, message::Sender},
    net::{self, Limits, Served, Tls},
    pdf::Fonts,
    provider::{Providers, Urls},
    server,
    store::{
        Database, Store,
        engine::{self, Tx},
        outbox,
    },
};
use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, StatusCode, header::HeaderMap};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch};

use self::eml::Eml;
pub use self::home::Home;

/// The built-in fonts, unpacked once for all tests.
static FONTS: LazyLock<Arc<Fonts>> = LazyLock::new(Arc::default);

/// The start time of every test, unless it sets another.
pub const START: &str = "2026-03-18T12:00:00Z";
pub const PASSWORD: &str = "SecurePass123";
pub const PUBLIC_URL: &str = "http://localhost:5000";
pub const ORIGIN: &str = "http://localhost:3000";
pub const JWT_SECRET: &str = "a secret of the tests, long enough to be one";

/// Form fields of a page, given as JSON.
pub struct FromPage<'a>(pub &'a Value);

impl Source for FromPage<'_> {
    fn field<'a>(&'a self, name: &str, _: &Shape) -> Option<Cow<'a, Value>> {
        self.0.get(name).map(Cow::Borrowed)
    }

    fn is_typed(&self) -> bool {
        true
    }
}

/// A clock that only moves when told to.
pub struct TestClock(Mutex<Timestamp>);

impl TestClock {
    pub fn set(&self, at: &str) {
        *self.0.lock().unwrap() = at.parse().unwrap();
    }

    pub fn advance(&self, by: SignedDuration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// The same bytes in the same order in every run.
#[derive(Default)]
pub struct TestRandom(AtomicU64);

impl Random for TestRandom {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            // SplitMix64: every state gives another well-mixed value.
            let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = (z ^ (z >> 31)) as u8;
        }
    }
}

/// Settings of a test app that differ from the defaults.
#[derive(Default)]
pub struct Options {
    pub rate_limit: bool,
    pub trust_proxy: bool,
    /// The setting; None leaves the choice to the owner.
    pub open_registration: Option<bool>,
    /// Whether the APIs refuse common passwords.
    pub refuse_common_passwords: bool,
    /// The public URL, if not [`PUBLIC_URL`].
    pub public_url: Option<&'static str>,
    /// The data of an earlier app to continue with.
    pub home: Option<Arc<Home>>,
    /// Delivers mail, in place of a folder.
    pub courier: Option<Arc<Courier>>,
    /// Limits for connections, if not the defaults.
    pub limits: Option<Limits>,
    /// The start of payment links, if a payment service is configured.
    pub payment_link_base: Option<&'static str>,
    /// The addresses of the payment providers.
    pub providers: Option<Urls>,
    /// Speaks TLS.
    pub tls: Option<Tls>,
}

/// A running app and its HTTP client.
pub struct TestApp {
    pub base: String,
    pub clock: Arc<TestClock>,
    pub app: Arc<App>,
    pub http: reqwest::Client,
    home: Arc<Home>,
    stop: watch::Sender<bool>,
}

/// A response with its body parsed.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    /// Asserts that this is an error with this status and text.
    #[track_caller]
    pub fn assert_error(&self, status: u16, error: &str) {
        assert_eq!(self.error(status), error);
    }

    /// The data of a response that must have this status.
    #[track_caller]
    pub fn data(&self, status: u16) -> &Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        assert_eq!(self.body["success"], true, "{}", self.body);
        &self.body["data"]
    }

    /// The body of a response that must have this status, without envelope as in FreelanceHub.
    #[track_caller]
    pub fn bare(&self, status: u16) -> &Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        &self.body
    }

    /// The message of an error that must have this status and FreelanceHub's format.
    #[track_caller]
    pub fn refusal(&self, status: u16) -> &Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        assert_eq!(self.body["statusCode"], status, "{}", self.body);
        assert_eq!(self.body["error"], self.status.canonical_reason().unwrap(), "{}", self.body);
        &self.body["message"]
    }

    /// The message of an error that must have this status and FreelanceOS's format.
    #[track_caller]
    pub fn error(&self, status: u16) -> &str {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        assert_eq!(self.body["success"], false, "{}", self.body);
        // Login responses match both documents at once. Their description says that no other route
        // does.
        if self.body.get("statusCode").is_some() {
            assert_eq!(self.body["statusCode"], status, "{}", self.body);
            assert_eq!(self.body["message"], self.body["error"], "{}", self.body);
        } else {
            assert_eq!(self.body.as_object().unwrap().len(), 2, "{}", self.body);
        }
        self.body["error"].as_str().unwrap()
    }
}

/// Formatted JSON. (`assert_json_snapshot` would show the internal form of exact numbers.)
pub fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

pub async fn spawn_app() -> TestApp {
    spawn_app_with(Options::default()).await
}

pub async fn spawn_app_with(options: Options) -> TestApp {
    let home = options.home.unwrap_or_else(|| Arc::new(Home::new()));
    let clock = Arc::new(TestClock(Mutex::new(START.parse().unwrap())));
    let courier = options.courier.unwrap_or_else(|| {
        let sender = Sender::of_host("localhost").unwrap();
        Arc::new(Courier::folder(home.path().join("mail"), sender))
    });
    let settings = Settings {
        jwt_secret: JWT_SECRET.to_owned(),
        secret_key: Some(SecretKey::new([7; 32])),
        public_url: options.public_url.unwrap_or(PUBLIC_URL).to_owned(),
        origins: vec![ORIGIN.to_owned()],
        rate_limit: options.rate_limit,
        open_registration: options.open_registration,
        refuse_common_passwords: options.refuse_common_passwords,
        payment_link_base: options.payment_link_base.map(str::to_owned),
        providers: Arc::new(options.providers.map(Providers::new).unwrap_or_default()),
        fonts: Arc::clone(&FONTS),
        courier: Some(courier),
        ..Settings::default()
    };
    let store = Store::open(home.database()).unwrap();
    let random = Arc::new(TestRandom::default());
    let app = Arc::new(App::new(store, clock.clone(), random, settings).unwrap());
    app.continue_ids().await.unwrap();
    let middleware = Middleware {
        app: Arc::clone(&app),
        request_ids: Arc::new(RequestIds::new("test".to_owned(), options.trust_proxy)),
        bodies: Arc::new(BodyBudget::new(options.rate_limit)),
        origins: [ORIGIN.to_owned()].into(),
        is_secure: options.tls.is_some(),
    };
    let routes = server::routes(&app, &middleware);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let (stop, stopped) = watch::channel(false);
    let face = Served { routes: Arc::new(routes), tls: options.tls };
    tokio::spawn(net::serve(vec![(listener, face)], options.limits.unwrap_or_default(), stopped));
    TestApp { base, clock, app, http: reqwest::Client::new(), home, stop }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
    }
}

impl TestApp {
    /// The database it works on.
    pub fn database(&self) -> &Database {
        self.home.database()
    }

    /// Its data, for another app to continue with. This one must do no more work.
    pub fn home(&self) -> Option<Arc<Home>> {
        Some(Arc::clone(&self.home))
    }

    /// The folder that mail is written to.
    pub fn mail_folder(&self) -> PathBuf {
        self.home.path().join("mail")
    }

    /// Delivers due mail, as the worker does.
    pub async fn deliver_mail(&self) -> Round {
        self.app.run_due(JobKind::Mail).await.unwrap()
    }

    /// Delivers due mail and returns everything ever delivered, oldest first.
    pub async fn mails(&self) -> Vec<Eml> {
        self.deliver_mail().await;
        let Ok(folder) = self.mail_folder().read_dir() else { return Vec::new() };
        let mut files: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files.iter().map(|file| Eml::parse(&std::fs::read(file).unwrap())).collect()
    }

    /// The code in the newest email to this address.
    pub async fn code_of(&self, email: &str) -> String {
        let mails = self.mails().await;
        let newest = mails.iter().rev().find(|mail| mail.to() == email);
        newest.unwrap_or_else(|| panic!("no mail to {email}")).code().to_owned()
    }

    /// Begins a request. `path` is relative to `/api/v1`.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}/api/v1{path}", self.base))
    }

    /// Sends a request, and checks an API response against its document.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let request = request.build().unwrap();
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let response = self.http.execute(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        let answer = Answer { status, headers, body };
        let (document, path) = match path.strip_prefix("/api/v1") {
            Some(path) => (document::document(self).await, path.to_owned()),
            None => match path.strip_prefix("/v1") {
                Some(path) => (document::hub_document(self).await, path.to_owned()),
                None => return answer,
            },
        };
        if !matches!(method, Method::HEAD | Method::OPTIONS)
            && !matches!(&*path, "/docs" | "/openapi.json")
        {
            document.check(&method, &path, &answer);
        }
        answer
    }

    /// Begins a request to FreelanceHub. `path` is relative to `/v1`.
    pub fn hub(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}/v1{path}", self.base))
    }

    /// Posts a body to FreelanceHub without a token.
    pub async fn hub_post(&self, path: &str, body: Value) -> Answer {
        self.send(self.hub(Method::POST, path).json(&body)).await
    }

    /// Posts a body to FreelanceOS or FreelanceHub Auth without a token.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    /// Registers a user with this email.
    pub async fn register(&self, email: &str) -> User<'_> {
        let body = json!({
            "email": email, "password": PASSWORD, "firstName": "John", "lastName": "Doe",
        });
        let answer = self.send(self.request(Method::POST, "/auth/register").json(&body)).await;
        let data = answer.data(201);
        let (token, id) = (data["token"].as_str().unwrap(), data["user"]["id"].as_str().unwrap());
        User { app: self, token: token.to_owned(), id: id.to_owned() }
    }
}

/// A signed-in user.
pub struct User<'a> {
    pub app: &'a TestApp,
    pub token: String,
    pub id: String,
}

impl User<'_> {
    /// The claims of the token.
    pub fn claims(&self) -> Claims {
        self.app.app.verify_token(&self.token).unwrap()
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.app.request(method, path).bearer_auth(&self.token)
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.app.send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.app.send(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.app.send(self.request(Method::PUT, path).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.app.send(self.request(Method::DELETE, path)).await
    }

    /// Begins a request to FreelanceHub. `path` is relative to `/v1`.
    pub fn hub(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.app.hub(method, path).bearer_auth(&self.token)
    }

    pub async fn hub_get(&self, path: &str) -> Answer {
        self.app.send(self.hub(Method::GET, path)).await
    }

    pub async fn hub_post(&self, path: &str, body: Value) -> Answer {
        self.app.send(self.hub(Method::POST, path).json(&body)).await
    }

    pub async fn hub_put(&self, path: &str, body: Value) -> Answer {
        self.app.send(self.hub(Method::PUT, path).json(&body)).await
    }

    pub async fn hub_delete(&self, path: &str) -> Answer {
        self.app.send(self.hub(Method::DELETE, path)).await
    }

    /// Creates a client with this name and returns its id.
    pub async fn client(&self, name: &str) -> String {
        let answer = self.post("/clients", json!({"name": name, "email": "c@example.com"})).await;
        answer.data(201)["id"].as_str().unwrap().to_owned()
    }

    /// Creates a project for this client and returns its id.
    pub async fn project(&self, client: &str, name: &str) -> String {
        let answer = self.post("/projects", json!({"clientId": client, "name": name})).await;
        answer.data(201)["id"].as_str().unwrap().to_owned()
    }

    /// Creates a proposal for this client and returns its id.
    pub async fn proposal(&self, client: &str, title: &str) -> String {
        let answer = self.post("/proposals", json!({"clientId": client, "title": title})).await;
        answer.data(201)["id"].as_str().unwrap().to_owned()
    }

    /// Creates a milestone of this project and returns its id.
    pub async fn milestone(&self, project: &str, name: &str) -> String {
        let body = json!({"projectId": project, "name": name, "amount": 100});
        self.post("/milestones", body).await.data(201)["id"].as_str().unwrap().to_owned()
    }

    /// Creates an invoice with a single amount and returns its id.
    pub async fn invoice(&self, client: &str, amount: Value, due: &str) -> String {
        let body = json!({"clientId": client, "amount": amount, "dueDate": due});
        self.post("/invoices", body).await.data(201)["id"].as_str().unwrap().to_owned()
    }

    /// Creates an object of this kind for a client and a project, and returns its id.
    pub async fn one_of(&self, noun: &str, client: &str, project: &str) -> String {
        match noun {
            "clients" => client.to_owned(),
            "projects" => project.to_owned(),
            "milestones" => self.milestone(project, "Milestone").await,
            "proposals" => self.proposal(client, "Proposal").await,
            "invoices" => self.invoice(client, json!(100), "2026-04-15").await,
            "taxes" => self.tax(json!({"name": "VAT", "rate": 7.5})).await,
            "credit-notes" => self.credit_note(client).await,
            "held-payments" => self.held_payment(client).await,
            "mails" => self.failed_mail(client).await,
            _ => String::new(),
        }
    }

    /// Credits 10 of a sent invoice and returns the id of the credit note.
    pub async fn credit_note(&self, client: &str) -> String {
        let invoice = self.sent_invoice(client, json!(100)).await;
        let body = json!({"amount": 10, "reason": "Discount"});
        let note = self.post(&format!("/invoices/{invoice}/credit-notes"), body).await;
        note.data(201)["id"].as_str().unwrap().to_owned()
    }

    /// Holds a payment of 60 for a sent invoice of 100 and returns its id.
    pub async fn held_payment(&self, client: &str) -> String {
        let invoice = InvoiceId::parse(&self.sent_invoice(client, json!(100)).await);
        let id: CheckoutId = Id::from_uuid(invoice.uuid());
        let (reference, account) = (id.to_string(), self.claims().account);
        let values =
            [engine::Value::from(&id), (&account).into(), (&invoice).into(), (&reference).into()];
        let sql = "INSERT INTO checkouts (id, account_id, invoice_id, provider, reference, \
            currency, amount, state, reason, received_currency, received_amount, method, receipt, \
            created_at, expires_at, settled_at) VALUES (?1, ?2, ?3, 'paystack', ?4, 'USD', 10000, \
            'held', 'amount', 'USD', 6000, 'card', ?4, 1773835200, 1773921600, 1773835200)";
        self.app.database().change(|connection| connection.execute(sql, &values)).unwrap();
        reference
    }

    /// Mails a sent invoice and returns the id of the email, which waits.
    pub async fn waiting_mail(&self, client: &str) -> String {
        let invoice = self.sent_invoice(client, json!(100)).await;
        self.get(&format!("/mails?invoiceId={invoice}")).await.data(200)[0]["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Mails a sent invoice and returns the id of the email, which was given up.
    pub async fn failed_mail(&self, client: &str) -> String {
        let id = self.waiting_mail(client).await;
        let mail = MailId::parse(&id);
        self.app
            .database()
            .change(|connection| {
                let tx = &mut Tx::new(connection);
                let queued = outbox::find(tx, mail)?.unwrap();
                outbox::give_up(tx, &queued, 1, self.app.app.now(), "550 5.1.1 unknown")
            })
            .unwrap();
        id
    }

    /// Creates a tax and returns its id.
    pub async fn tax(&self, tax: Value) -> String {
        self.post("/taxes", tax).await.data(201)["id"].as_str().unwrap().to_owned()
    }

    /// Creates an object that the route with this noun and path accepts, and returns its id.
    pub async fn one_for(&self, noun: &str, path: &str, client: &str, project: &str) -> String {
        match noun {
            "invoices" => self.invoice_for(client, path).await,
            "mails" if path.ends_with("/try-now") => self.waiting_mail(client).await,
            "proposals" if path.ends_with("/project") || path.ends_with("/deposit-invoice") => {
                self.accepted_proposal(client).await
            }
            _ => self.one_of(noun, client, project).await,
        }
    }

    /// Creates an accepted proposal for 1000 and returns its id.
    pub async fn accepted_proposal(&self, client: &str) -> String {
        let body = json!({"clientId": client, "title": "Proposal", "amount": 1000});
        let made = self.post("/proposals", body).await;
        let id = made.data(201)["id"].as_str().unwrap().to_owned();
        self.put(&format!("/proposals/{id}"), json!({"status": "accepted"})).await.data(200);
        id
    }

    /// Creates an invoice for 1000 that the route with this path accepts, and returns its id.
    pub async fn invoice_for(&self, client: &str, path: &str) -> String {
        let id = self.invoice(client, json!(1000), "2026-04-15").await;
        let sent = ["/remind", "/mark-paid", "/payments", "/refunds", "/credit-notes", "/void"];
        if sent.iter().any(|end| path.ends_with(end)) {
            self.post(&format!("/invoices/{id}/send"), json!({})).await.data(200);
        }
        if path.ends_with("/refunds") {
            let body = json!({"amount": 1050, "allowOverpayment": true});
            self.post(&format!("/invoices/{id}/payments"), body).await.data(201);
        }
        id
    }

    /// Creates an invoice with a single amount that is due in April, sends it and returns its id.
    pub async fn sent_invoice(&self, client: &str, amount: Value) -> String {
        let id = self.invoice(client, amount, "2026-04-15").await;
        self.post(&format!("/invoices/{id}/send"), json!({})).await.data(200);
        id
    }
}
