//! A small but real ACME server (RFC 8555). It checks signatures, nonces and URLs, validates names
//! by tls-alpn-01 (RFC 8737), and signs certificates with its own root. Like other test servers, it
//! validates every name at one address.

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, SystemTime},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use freelanceos::{
    app::environment::{Clock, SystemClock},
    net::{
        self, Limits, Served, Tls, redirect,
        tls::{CertificateFiles, acceptor},
    },
};
use poem::{
    Endpoint, EndpointExt, Request, Response,
    endpoint::make,
    http::{Method, StatusCode},
};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, CertifiedIssuer, IsCa,
    KeyPair,
};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::watch};

use crate::acme_look::look;

const DAY: Duration = Duration::from_secs(24 * 3600);

pub struct Authority {
    inner: Arc<Inner>,
    folder: TempDir,
    port: u16,
    _stop: watch::Sender<bool>,
}

struct Inner {
    base: String,
    root: CertifiedIssuer<'static, KeyPair>,
    state: Mutex<State>,
}

struct State {
    nonces: HashSet<String>,
    /// A counter for unique names.
    count: usize,
    accounts: Vec<Account>,
    orders: Vec<Order>,
    /// The address at which names are validated.
    target: SocketAddr,
    /// The age and the remaining lifetime of new certificates, in days.
    days: (u32, u32),
}

struct Account {
    key: Vec<u8>,
    thumbprint: String,
    contact: Value,
}

struct Order {
    account: usize,
    names: Vec<Name>,
    certificate: Option<String>,
}

struct Name {
    name: String,
    token: String,
    status: &'static str,
    error: Option<String>,
}

type Refusal = (u16, &'static str, String);

impl Authority {
    /// Starts a server that validates every name at that address.
    pub async fn open(target: SocketAddr) -> Self {
        let folder = TempDir::new().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let own = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&own, &root).unwrap();
        let file = |name| folder.path().join(name);
        std::fs::write(file("root.pem"), root.pem()).unwrap();
        std::fs::write(file("cert.pem"), certificate.pem()).unwrap();
        std::fs::write(file("key.pem"), own.serialize_pem()).unwrap();

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = State {
            nonces: HashSet::new(),
            count: 0,
            accounts: Vec::new(),
            orders: Vec::new(),
            target,
            days: (0, 90),
        };
        let base = format!("https://localhost:{port}");
        let inner = Arc::new(Inner { base, root, state: Mutex::new(state) });
        let (files, _) = CertificateFiles::open(file("cert.pem"), file("key.pem")).unwrap();
        let routes = Arc::new(routes(Arc::clone(&inner)).boxed());
        let acceptor = acceptor(Arc::new(files), false).unwrap();
        let tls = Some(Tls { acceptor, in_plain: Arc::new(redirect::to("https://localhost")) });
        let (stop, stopped) = watch::channel(false);
        let face = Served { routes, tls };
        tokio::spawn(net::serve(vec![(listener, face)], Limits::default(), stopped));
        Self { inner, folder, port, _stop: stop }
    }

    pub fn directory(&self) -> String {
        format!("https://localhost:{}/directory", self.port)
    }

    /// The root certificate.
    pub fn root(&self) -> std::path::PathBuf {
        self.folder.path().join("root.pem")
    }

    pub fn look_at(&self, target: SocketAddr) {
        self.inner.state().target = target;
    }

    /// Sets the age and the remaining lifetime of later certificates, in days.
    pub fn set_days(&self, over: u32, left: u32) {
        self.inner.state().days = (over, left);
    }

    pub fn contacts(&self) -> Vec<Value> {
        self.inner.state().accounts.iter().map(|account| account.contact.clone()).collect()
    }

    /// The names of every order, and whether it got a certificate.
    pub fn orders(&self) -> Vec<(Vec<String>, bool)> {
        let names = |order: &Order| order.names.iter().map(|name| name.name.clone()).collect();
        let state = self.inner.state();
        state.orders.iter().map(|order| (names(order), order.certificate.is_some())).collect()
    }
}

fn routes(inner: Arc<Inner>) -> impl Endpoint<Output = Response> {
    make(move |request: Request| {
        let inner = Arc::clone(&inner);
        async move {
            let answered = inner.answer(request).await;
            let (status, location, body) = answered.unwrap_or_else(|(status, kind, detail)| {
                let kind = format!("urn:ietf:params:acme:error:{kind}");
                let problem = json!({"type": kind, "detail": detail, "status": status});
                (status, None, problem.to_string())
            });
            let mut response = Response::builder()
                .status(StatusCode::from_u16(status).unwrap())
                .header("Replay-Nonce", inner.nonce());
            if let Some(location) = location {
                response = response.header("Location", location);
            }
            Ok::<_, poem::Error>(response.body(body))
        }
    })
}

/// Status, location, body.
type Answered = (u16, Option<String>, String);

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn nonce(&self) -> String {
        let mut state = self.state();
        state.count += 1;
        let nonce = format!("nonce-{}", state.count);
        state.nonces.insert(nonce.clone());
        nonce
    }

    async fn answer(self: &Arc<Self>, mut request: Request) -> Result<Answered, Refusal> {
        let path = request.original_uri().path().to_owned();
        let url = format!("{}{path}", self.base);
        if request.method() != Method::POST {
            let of = |name: &str| format!("{}/{name}", self.base);
            let directory = json!({
                "newNonce": of("nonce"), "newAccount": of("account"), "newOrder": of("order"),
            });
            return Ok((200, None, directory.to_string()));
        }
        assert_eq!(request.content_type(), Some("application/jose+json"));
        let body = request.take_body().into_string().await.unwrap();
        let message: Value = serde_json::from_str(&body).unwrap();
        let (account, payload) = self.verify(&url, &message)?;
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let number = |at: usize| parts[at].parse::<usize>().unwrap();
        match (parts[0], account) {
            ("account", _) => self.new_account(&message, &payload),
            ("order", Some(account)) if parts.len() == 1 => self.new_order(account, &payload),
            ("order", Some(_)) => Ok((200, None, self.order(number(1)).to_string())),
            ("authorization", Some(_)) => {
                Ok((200, None, self.authorization(number(1), number(2)).to_string()))
            }
            ("challenge", Some(_)) => {
                let (order, name) = (number(1), number(2));
                let inner = Arc::clone(self);
                tokio::spawn(async move { inner.validate(order, name).await });
                Ok((200, None, self.challenge(order, name).to_string()))
            }
            ("finalize", Some(_)) => self.finalize(number(1), &payload),
            ("certificate", Some(_)) => {
                let state = self.state();
                Ok((200, None, state.orders[number(1)].certificate.clone().unwrap()))
            }
            _ => Err((401, "unauthorized", "no account".to_owned())),
        }
    }

    /// The account that signed a message, if it exists already, and the payload.
    fn verify(&self, url: &str, message: &Value) -> Result<(Option<usize>, Value), Refusal> {
        let part = |name: &str| message[name].as_str().unwrap();
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
        let head: Value = serde_json::from_slice(&decode(part("protected"))).unwrap();
        let mut state = self.state();
        // Refuses every seventh nonce, as authorities may do at any time.
        state.count += 1;
        let is_known = state.nonces.remove(head["nonce"].as_str().unwrap());
        if !is_known || state.count.is_multiple_of(7) {
            return Err((400, "badNonce", "another one please".to_owned()));
        }
        if head["url"] != url || head["alg"] != "ES256" {
            return Err((400, "malformed", format!("{head}")));
        }
        let account = match head["kid"].as_str() {
            None => None,
            Some(kid) => {
                let number = kid.rsplit('/').next().unwrap().parse::<usize>().unwrap();
                if number >= state.accounts.len() {
                    return Err((400, "accountDoesNotExist", kid.to_owned()));
                }
                Some(number)
            }
        };
        let key = match account {
            Some(account) => state.accounts[account].key.clone(),
            None => point(&head["jwk"]),
        };
        let signed = format!("{}.{}", part("protected"), part("payload"));
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key)
            .verify(signed.as_bytes(), &decode(part("signature")))
            .map_err(|_| (400, "malformed", "the signature is wrong".to_owned()))?;
        let payload = decode(part("payload"));
        Ok((account, serde_json::from_slice(&payload).unwrap_or(Value::Null)))
    }

    fn new_account(&self, message: &Value, payload: &Value) -> Result<Answered, Refusal> {
        let head = URL_SAFE_NO_PAD.decode(message["protected"].as_str().unwrap()).unwrap();
        let head: Value = serde_json::from_slice(&head).unwrap();
        if payload["termsOfServiceAgreed"] != true {
            return Err((403, "userActionRequired", "agree to the terms".to_owned()));
        }
        let jwk = &head["jwk"];
        // RFC 7638: exactly these members, in this order.
        let plain = json!({"crv": jwk["crv"], "kty": jwk["kty"], "x": jwk["x"], "y": jwk["y"]});
        let thumbprint = URL_SAFE_NO_PAD.encode(Sha256::digest(plain.to_string()));
        let mut state = self.state();
        let contact = payload["contact"].clone();
        state.accounts.push(Account { key: point(jwk), thumbprint, contact });
        let location = format!("{}/accounts/{}", self.base, state.accounts.len() - 1);
        Ok((201, Some(location), json!({"status": "valid"}).to_string()))
    }

    fn new_order(&self, account: usize, payload: &Value) -> Result<Answered, Refusal> {
        let number = {
            let mut state = self.state();
            let number = state.orders.len();
            let mut names = Vec::new();
            for (at, identifier) in payload["identifiers"].as_array().unwrap().iter().enumerate() {
                assert_eq!(identifier["type"], "dns");
                let name = identifier["value"].as_str().unwrap().to_owned();
                let token = format!("token-of-{number}-{at}-longer-than-anybody-guesses");
                names.push(Name { name, token, status: "pending", error: None });
            }
            state.orders.push(Order { account, names, certificate: None });
            number
        };
        let location = format!("{}/order/{number}", self.base);
        Ok((201, Some(location), self.order(number).to_string()))
    }

    fn order(&self, number: usize) -> Value {
        let state = self.state();
        let order = &state.orders[number];
        let all = |status| order.names.iter().all(|name| name.status == status);
        let status = match &order.certificate {
            Some(_) => "valid",
            None if order.names.iter().any(|name| name.status == "invalid") => "invalid",
            None if all("valid") => "ready",
            None => "pending",
        };
        let of = |at: usize| format!("{}/authorization/{number}/{at}", self.base);
        let mut shown = json!({
            "status": status,
            "identifiers": order.names.iter().map(|n| json!({"type": "dns", "value": n.name}))
                .collect::<Vec<_>>(),
            "authorizations": (0..order.names.len()).map(of).collect::<Vec<_>>(),
            "finalize": format!("{}/finalize/{number}", self.base),
        });
        if order.certificate.is_some() {
            shown["certificate"] = format!("{}/certificate/{number}", self.base).into();
        }
        shown
    }

    fn authorization(&self, order: usize, name: usize) -> Value {
        let challenge = self.challenge(order, name);
        let state = self.state();
        let Name { name, status, .. } = &state.orders[order].names[name];
        json!({
            "status": status,
            "identifier": {"type": "dns", "value": name},
            "challenges": [
                {"type": "http-01", "url": "https://localhost/", "token": "t", "status": "pending"},
                challenge,
            ],
        })
    }

    fn challenge(&self, order: usize, name: usize) -> Value {
        let url = format!("{}/challenge/{order}/{name}", self.base);
        let state = self.state();
        let Name { token, status, error, .. } = &state.orders[order].names[name];
        let mut shown =
            json!({"type": "tls-alpn-01", "url": url, "token": token, "status": status});
        if let Some(error) = error {
            let kind = "urn:ietf:params:acme:error:connection";
            shown["error"] = json!({"type": kind, "detail": error, "status": 400});
        }
        shown
    }

    /// Validates a name of an order (RFC 8737, section 3).
    async fn validate(&self, order: usize, at: usize) {
        let (target, name, wanted) = {
            let state = self.state();
            let Order { account, names, .. } = &state.orders[order];
            let thumbprint = &state.accounts[*account].thumbprint;
            let key_authorization = format!("{}.{thumbprint}", names[at].token);
            let wanted = Sha256::digest(key_authorization).to_vec();
            (state.target, names[at].name.clone(), wanted)
        };
        let outcome = look(target, &name, &wanted).await;
        let mut state = self.state();
        let name = &mut state.orders[order].names[at];
        name.status = if outcome.is_ok() { "valid" } else { "invalid" };
        name.error = outcome.err();
    }

    fn finalize(&self, number: usize, payload: &Value) -> Result<Answered, Refusal> {
        let der = URL_SAFE_NO_PAD.decode(payload["csr"].as_str().unwrap()).unwrap();
        let mut request = CertificateSigningRequestParams::from_der(&der.into()).unwrap();
        {
            let mut state = self.state();
            let (over, left) = state.days;
            let order = &mut state.orders[number];
            assert!(order.names.iter().all(|name| name.status == "valid"));
            let names: Vec<String> = order.names.iter().map(|name| name.name.clone()).collect();
            let wanted = CertificateParams::new(names).unwrap().subject_alt_names;
            assert_eq!(request.params.subject_alt_names, wanted);
            let now = SystemTime::from(SystemClock.now());
            request.params.not_before = (now - DAY * over).into();
            request.params.not_after = (now + DAY * left).into();
            let certificate = request.signed_by(&self.root).unwrap();
            order.certificate = Some(format!("{}{}", certificate.pem(), self.root.pem()));
        }
        Ok((200, None, self.order(number).to_string()))
    }
}

/// A key in ring's format: uncompressed.
fn point(jwk: &Value) -> Vec<u8> {
    assert_eq!((&jwk["kty"], &jwk["crv"]), (&json!("EC"), &json!("P-256")));
    let decode = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
    [vec![4], decode("x"), decode("y")].concat()
}
