//! Stand-ins for Paystack, Flutterwave and Stripe. They check requests and respond as the
//! documentation says.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use freelanceos::{
    domain::provider::ProviderKind,
    net::{self, Served},
    provider::Urls,
};
use hmac::{Hmac, KeyInit, Mac};
use poem::{
    EndpointExt, Request, Response, Route,
    endpoint::make,
    http::{Method, StatusCode},
};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use sha2::{Sha256, Sha512};
use tokio::{net::TcpListener, sync::watch, time::sleep};

use super::{TestApp, User};

pub const PAYSTACK_KEY: &str = "sk_test_paystack_0123456789_ps11";
pub const FLUTTERWAVE_KEY: &str = "FLWSECK_TEST-0123456789abcdef-fw22";
pub const FLUTTERWAVE_HASH: &str = "a-secret-hash-of-our-own";
pub const STRIPE_KEY: &str = "sk_test_stripe_0123456789_st33";
pub const STRIPE_SECRET: &str = "whsec_0123456789abcdef";

/// Every secret that must not show up anywhere.
pub const SECRETS: [&str; 5] =
    [PAYSTACK_KEY, FLUTTERWAVE_KEY, FLUTTERWAVE_HASH, STRIPE_KEY, STRIPE_SECRET];

/// How the stand-ins behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Well,
    /// They respond with 500.
    Down,
    /// They take longer than any timeout.
    Slow,
    /// They reject every request.
    Refusing,
    /// They respond with something other than JSON.
    Strange,
    /// They redirect every request.
    Redirecting,
    /// They respond without end.
    Endless,
}

/// A checkout at a stand-in.
#[derive(Debug, Clone)]
pub struct Opened {
    pub kind: ProviderKind,
    /// What the program sent.
    pub sent: Value,
    /// In the units of the provider.
    pub amount: Value,
    pub currency: String,
    pub status: &'static str,
}

#[derive(Default)]
struct State {
    mood: Option<Mood>,
    opened: BTreeMap<String, Opened>,
    asked: usize,
}

/// All three on one address.
pub struct StandIns {
    pub url: String,
    state: Arc<Mutex<State>>,
    stop: watch::Sender<bool>,
}

impl Drop for StandIns {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
    }
}

impl StandIns {
    pub async fn spawn() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::<Mutex<State>>::default();
        let (stop, stopped) = watch::channel(false);
        let shared = Arc::clone(&state);
        let routes = Route::new()
            .at("/*path", make(move |request| answer(Arc::clone(&shared), request)))
            .map_to_response()
            .boxed();
        let served = Served { routes: Arc::new(routes), tls: None };
        tokio::spawn(net::serve(vec![(listener, served)], net::Limits::default(), stopped));
        Self { url, state, stop }
    }

    pub fn urls(&self) -> Urls {
        Urls { paystack: self.url.clone(), flutterwave: self.url.clone(), stripe: self.url.clone() }
    }

    pub fn set(&self, mood: Mood) {
        self.state.lock().unwrap().mood = Some(mood);
    }

    pub fn opened(&self, reference: &str) -> Opened {
        self.state.lock().unwrap().opened[reference].clone()
    }

    /// The references of all checkouts.
    pub fn references(&self) -> Vec<String> {
        self.state.lock().unwrap().opened.keys().cloned().collect()
    }

    /// How often a transaction was looked up.
    pub fn asked(&self) -> usize {
        self.state.lock().unwrap().asked
    }

    /// The client pays.
    pub fn pay(&self, reference: &str) {
        self.mark(reference, "paid");
    }

    pub fn fail(&self, reference: &str) {
        self.mark(reference, "failed");
    }

    fn mark(&self, reference: &str, status: &'static str) {
        self.state.lock().unwrap().opened.get_mut(reference).unwrap().status = status;
    }

    /// The client pays a different amount, in the units of the provider, or in a different
    /// currency.
    pub fn pay_as(&self, reference: &str, amount: Value, currency: &str) {
        let mut state = self.state.lock().unwrap();
        let opened = state.opened.get_mut(reference).unwrap();
        opened.amount = amount;
        opened.currency = currency.to_owned();
        opened.status = "paid";
    }
}

async fn answer(state: Arc<Mutex<State>>, mut request: Request) -> poem::Result<Response> {
    let mood = state.lock().unwrap().mood.unwrap_or(Mood::Well);
    let plain =
        |status: StatusCode, body: &'static str| Response::builder().status(status).body(body);
    match mood {
        Mood::Well => {}
        Mood::Down => return Ok(plain(StatusCode::INTERNAL_SERVER_ERROR, "{}")),
        Mood::Strange => return Ok(plain(StatusCode::OK, "<html>Welcome</html>")),
        Mood::Endless => return Ok(Response::builder().body(vec![b' '; 2 << 20])),
        Mood::Slow => sleep(Duration::from_secs(60)).await,
        Mood::Redirecting => {
            let response = Response::builder().status(StatusCode::FOUND);
            return Ok(response.header("location", "http://127.0.0.1:1/").body("{}"));
        }
        Mood::Refusing => {
            // Providers quote keys, partly masked or not.
            let key = request.header("authorization").unwrap_or_default();
            let why = format!("Invalid key: {key}");
            let body = json!({"status": false, "message": why, "error": {"message": why}});
            let response = Response::builder().status(StatusCode::UNAUTHORIZED);
            return Ok(response.body(body.to_string()));
        }
    }
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let query = request.uri().query().unwrap_or_default().to_owned();
    let body = request.take_body().into_string().await.unwrap();
    let bearer = request.header("authorization").unwrap_or_default().to_owned();
    let key = bearer.strip_prefix("Bearer ").unwrap_or_default();
    let expected = match &*path {
        path if path.starts_with("/transaction/") => PAYSTACK_KEY,
        path if path.starts_with("/v3/") => FLUTTERWAVE_KEY,
        _ => STRIPE_KEY,
    };
    if key != expected {
        let body = json!({"status": false, "message": "Invalid key"}).to_string();
        return Ok(Response::builder().status(StatusCode::UNAUTHORIZED).body(body));
    }
    if path.starts_with("/v1/") {
        assert_eq!(request.header("stripe-version"), Some("2024-06-20"));
    }
    let (status, body) = {
        let mut state = state.lock().unwrap();
        match (method, &*path) {
            (Method::POST, "/transaction/initialize") => paystack_open(&mut state, &body),
            (Method::POST, "/v3/payments") => flutterwave_open(&mut state, &body),
            (Method::POST, "/v1/checkout/sessions") => {
                let once = request.header("idempotency-key").unwrap_or_default();
                stripe_open(&mut state, &body, once)
            }
            (Method::GET, _) => find(&mut state, &path, &query),
            _ => (404, json!({"message": "no such route"})),
        }
    };
    let status = StatusCode::from_u16(status).unwrap();
    Ok(Response::builder().status(status).content_type("application/json").body(body.to_string()))
}

fn keep(state: &mut State, reference: &str, opened: Opened) {
    assert!(state.opened.insert(reference.to_owned(), opened).is_none(), "{reference} is known");
}

fn paystack_open(state: &mut State, body: &str) -> (u16, Value) {
    let sent: Value = serde_json::from_str(body).unwrap();
    let reference = sent["reference"].as_str().unwrap().to_owned();
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-.=".contains(c);
    assert!(reference.chars().all(is_allowed), "{reference}");
    assert!(sent["email"].as_str().unwrap().contains('@'));
    assert!(sent["amount"].as_i64().unwrap() > 0);
    let data = json!({
        "authorization_url": format!("https://checkout.paystack.example/{reference}"),
        "access_code": "0peioxfhpn", "reference": reference,
    });
    let opened = Opened {
        kind: ProviderKind::Paystack,
        amount: sent["amount"].clone(),
        currency: sent["currency"].as_str().unwrap().to_owned(),
        status: "open",
        sent,
    };
    keep(state, &reference, opened);
    (200, json!({"status": true, "message": "Authorization URL created", "data": data}))
}

fn flutterwave_open(state: &mut State, body: &str) -> (u16, Value) {
    let sent: Value = serde_json::from_str(body).unwrap();
    let reference = sent["tx_ref"].as_str().unwrap().to_owned();
    assert!(sent["customer"]["email"].as_str().unwrap().contains('@'));
    let data = json!({"link": format!("https://checkout.flutterwave.example/{reference}")});
    let amount: Value = serde_json::from_str(sent["amount"].as_str().unwrap()).unwrap();
    let opened = Opened {
        kind: ProviderKind::Flutterwave,
        amount,
        currency: sent["currency"].as_str().unwrap().to_owned(),
        status: "open",
        sent,
    };
    keep(state, &reference, opened);
    (200, json!({"status": "success", "message": "Hosted Link", "data": data}))
}

fn stripe_open(state: &mut State, body: &str, once: &str) -> (u16, Value) {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(body).unwrap();
    let sent: serde_json::Map<String, Value> =
        pairs.into_iter().map(|(name, value)| (name, value.into())).collect();
    let sent = Value::Object(sent);
    let reference = sent["client_reference_id"].as_str().unwrap().to_owned();
    assert_eq!(once, reference, "the Idempotency-Key");
    assert_eq!(sent["mode"], "payment");
    let price = |field| sent[format!("line_items[0][price_data][{field}]")].as_str().unwrap();
    let amount: i64 = price("unit_amount").parse().unwrap();
    let currency = price("currency");
    assert_eq!(currency, currency.to_lowercase());
    let answer = json!({
        "id": format!("cs_test_{reference}"), "object": "checkout.session",
        "url": format!("https://checkout.stripe.example/{reference}"),
    });
    let opened = Opened {
        kind: ProviderKind::Stripe,
        amount: amount.into(),
        currency: currency.to_owned(),
        status: "open",
        sent,
    };
    keep(state, &reference, opened);
    (200, answer)
}

/// Describes a transaction.
fn find(state: &mut State, path: &str, query: &str) -> (u16, Value) {
    state.asked += 1;
    let reference = if let Some(reference) = path.strip_prefix("/transaction/verify/") {
        reference
    } else if path == "/v3/transactions/verify_by_reference" {
        query.strip_prefix("tx_ref=").unwrap()
    } else {
        assert_eq!(query, "expand%5B%5D=payment_intent.latest_charge.balance_transaction");
        path.strip_prefix("/v1/checkout/sessions/cs%5Ftest%5F").unwrap()
    };
    let reference = reference.replace("%2D", "-");
    let Some(opened) = state.opened.get(&reference) else {
        return (404, json!({"status": false, "message": "Transaction reference not found"}));
    };
    let (amount, currency, is_open) = (&opened.amount, &opened.currency, opened.status == "open");
    match opened.kind {
        ProviderKind::Paystack => {
            let status = match opened.status {
                "paid" => "success",
                "failed" => "failed",
                _ => "abandoned",
            };
            let data = json!({
                "id": 4_099_260_516_u64, "status": status, "reference": reference,
                "amount": amount, "currency": currency, "fees": 1500, "channel": "card",
            });
            (200, json!({"status": true, "message": "Verification successful", "data": data}))
        }
        ProviderKind::Flutterwave if is_open => {
            let message = "No transaction was found for this id";
            (400, json!({"status": "error", "message": message, "data": null}))
        }
        ProviderKind::Flutterwave => {
            let status = if opened.status == "paid" { "successful" } else { "failed" };
            let data = json!({
                "id": 4_975_363, "tx_ref": reference, "flw_ref": "FLW-MOCK-7519184", "amount": amount,
                "currency": currency, "charged_amount": amount, "app_fee": 14.5,
                "status": status, "payment_type": "mobilemoneyghana",
            });
            (200, json!({"status": "success", "data": data}))
        }
        ProviderKind::Stripe => {
            let is_paid = opened.status == "paid";
            let intent = json!({
                "id": "pi_3MtwBwLkdIwHu7ix28a3tqPa",
                "latest_charge": {
                    "payment_method_details": {"type": "card"},
                    // Paid out in another currency.
                    "balance_transaction": {"fee": 59, "currency": "eur"},
                },
            });
            let body = json!({
                "id": format!("cs_test_{reference}"), "client_reference_id": reference,
                "amount_total": amount, "currency": currency,
                "status": match opened.status {
                    "paid" => "complete",
                    "failed" => "expired",
                    _ => "open",
                },
                "payment_status": if is_paid { "paid" } else { "unpaid" },
                "payment_intent": if is_paid { intent } else { Value::Null },
            });
            (200, body)
        }
    }
}

/// The body of the webhook about a payment.
pub fn report(kind: ProviderKind, reference: &str) -> String {
    let body = match kind {
        ProviderKind::Paystack => {
            json!({"event": "charge.success", "data": {"reference": reference, "status": "success"}})
        }
        ProviderKind::Flutterwave => {
            json!({"event": "charge.completed", "data": {"tx_ref": reference, "amount": 1}})
        }
        ProviderKind::Stripe => json!({
            "type": "checkout.session.completed",
            "data": {"object": {
                "id": format!("cs_test_{reference}"), "client_reference_id": reference,
            }},
        }),
    };
    body.to_string()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The signature of Stripe at a time.
pub fn stripe_signature(secret: &str, at: i64, body: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    let mac = mac.chain_update(format!("{at}.{body}"));
    format!("t={at},v1={}", hex(&mac.finalize().into_bytes()))
}

/// The signature header of a webhook and its value.
pub fn signature(app: &TestApp, kind: ProviderKind, body: &str) -> (&'static str, String) {
    match kind {
        ProviderKind::Paystack => {
            let mac = Hmac::<Sha512>::new_from_slice(PAYSTACK_KEY.as_bytes()).unwrap();
            let mac = mac.chain_update(body);
            ("x-paystack-signature", hex(&mac.finalize().into_bytes()))
        }
        ProviderKind::Flutterwave => ("verif-hash", FLUTTERWAVE_HASH.to_owned()),
        ProviderKind::Stripe => {
            let at = app.app.now().as_second();
            ("stripe-signature", stripe_signature(STRIPE_SECRET, at, body))
        }
    }
}

/// The keys of a provider, as `/settings` takes them.
pub fn keys(kind: ProviderKind) -> Value {
    match kind {
        ProviderKind::Paystack => json!({"secretKey": PAYSTACK_KEY}),
        ProviderKind::Flutterwave => {
            json!({"secretKey": FLUTTERWAVE_KEY, "secretHash": FLUTTERWAVE_HASH})
        }
        ProviderKind::Stripe => json!({"secretKey": STRIPE_KEY, "webhookSecret": STRIPE_SECRET}),
    }
}

impl User<'_> {
    /// Connects a provider, and returns the path of its webhook.
    pub async fn connect(&self, kind: ProviderKind) -> String {
        let body = json!({"providers": {kind.as_str(): keys(kind)}});
        let settings = self.put("/settings", body).await;
        let provider = &settings.data(200)["providers"][kind.as_str()];
        let url = provider["webhookUrl"].as_str().unwrap();
        url.strip_prefix(super::PUBLIC_URL).unwrap().to_owned()
    }
}

impl TestApp {
    /// Starts the request of a webhook about a payment.
    pub fn webhook(&self, hook: &str, kind: ProviderKind, reference: &str) -> RequestBuilder {
        let body = report(kind, reference);
        let (header, value) = signature(self, kind, &body);
        self.http.post(format!("{}{hook}", self.base)).header(header, value).body(body)
    }
}
