//! Headless Chromium, driven over W3C WebDriver.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::PATIENCE;

/// A browser with its own profile, and its driver. Both end with it.
pub struct Browser {
    driver: Child,
    port: u16,
    session: String,
    http: Client,
    _profile: TempDir,
}

impl Browser {
    pub async fn open() -> Self {
        let profile = TempDir::new().unwrap();
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is missing; install chromium and chromium-driver");
        let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let (found, port) = mpsc::channel();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some((_, rest)) = line.split_once("successfully on port ") {
                    let _ = found.send(rest.trim_end_matches('.').parse().unwrap());
                }
            }
        });
        let port = port.recv_timeout(PATIENCE);
        let mut browser = Self {
            driver,
            port: *port.as_ref().unwrap_or(&0),
            session: String::new(),
            http: Client::new(),
            _profile: profile,
        };
        port.expect("chromedriver does not listen");
        let folder = browser._profile.path().display();
        let arguments = [
            "--headless=new".to_owned(),
            // Containers have no user namespaces for the sandbox and little shared memory.
            "--no-sandbox".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--disable-gpu".to_owned(),
            "--no-first-run".to_owned(),
            format!("--user-data-dir={folder}"),
        ];
        let capabilities = json!({
            "goog:chromeOptions": {"args": arguments},
            "goog:loggingPrefs": {"browser": "WARNING"},
            "webauthn:virtualAuthenticators": true,
        });
        let body = json!({"capabilities": {"alwaysMatch": capabilities}});
        let session = browser.post("session", body).await;
        browser.session = session["sessionId"].as_str().unwrap().to_owned();
        // A headless window may not have the focus.
        browser.devtools("Emulation.setFocusEmulationEnabled", json!({"enabled": true})).await;
        browser
    }

    /// Opens a page and waits until it has loaded.
    pub async fn go(&self, url: &str) {
        self.command("url", json!({ "url": url })).await;
    }

    /// Runs the body of an async function in the page and returns its result.
    pub async fn run(&self, script: &str, arguments: Value) -> Value {
        let script = format!("return (async (...args) => {{ {script} }})(...arguments)");
        self.command("execute/sync", json!({ "script": script, "args": arguments })).await
    }

    /// Like [`Browser::run`], but returns None if the page was left meanwhile.
    pub async fn try_run(&self, script: &str, arguments: Value) -> Option<Value> {
        let script = format!("return (async (...args) => {{ {script} }})(...arguments)");
        let body = json!({ "script": script, "args": arguments });
        self.try_post(&format!("session/{}/execute/sync", self.session), body).await.ok()
    }

    /// Names itself like a browser with a window.
    pub async fn with_a_window(&self) {
        let name = self.run("return navigator.userAgent", json!([])).await;
        let name = name.as_str().unwrap().replace("Headless", "");
        self.devtools("Emulation.setUserAgentOverride", json!({"userAgent": name})).await;
    }

    /// Adds a virtual platform authenticator that verifies its user. Returns its id.
    pub async fn add_authenticator(&self) -> String {
        let body = json!({
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": true,
            "hasUserVerification": true,
            "isUserConsenting": true,
            "isUserVerified": true,
        });
        self.command("webauthn/authenticator", body).await.as_str().unwrap().to_owned()
    }

    /// Sets whether an authenticator verifies its user from now on.
    pub async fn set_user_verified(&self, authenticator: &str, is_verified: bool) {
        let path = format!("webauthn/authenticator/{authenticator}/uv");
        self.command(&path, json!({ "isUserVerified": is_verified })).await;
    }

    /// Presses keys one after the other. WebDriver puts keys without a character into Unicode's
    /// private use area.
    pub async fn keys(&self, keys: &str) {
        let strokes: Vec<Value> = keys
            .chars()
            .flat_map(|key| {
                [json!({"type": "keyDown", "value": key}), json!({"type": "keyUp", "value": key})]
            })
            .collect();
        let body = json!({"actions": [{"type": "key", "id": "keyboard", "actions": strokes}]});
        self.command("actions", body).await;
    }

    /// Clicks an element, which must be visible and not covered.
    pub async fn click(&self, element: &Value) {
        // Otherwise the bar at the bottom of a form may cover the element.
        let scroll = "args[0].scrollIntoView({ block: 'center' })";
        self.run(scroll, json!([element])).await;
        self.element(element, "click", json!({})).await;
    }

    /// The text of the only frame of the page; empty until it has loaded.
    pub async fn frame_text(&self) -> String {
        let frame = self.run("return document.querySelector('iframe')", json!([])).await;
        let path = |act: &str| format!("session/{}/{act}", self.session);
        if self.try_post(&path("frame"), json!({ "id": frame })).await.is_err() {
            return String::new();
        }
        let read = json!({"script": "return document.body.innerText", "args": []});
        let text = self.try_post(&path("execute/sync"), read).await;
        self.command("frame", json!({ "id": null })).await;
        text.ok().and_then(|text| Some(text.as_str()?.to_owned())).unwrap_or_default()
    }

    /// Drags an element with the mouse to the middle of another.
    pub async fn drag(&self, element: &Value, onto: &Value) {
        let to = |origin: &Value| json!({"type": "pointerMove", "origin": origin, "x": 0, "y": 0});
        let acts = json!([
            to(element), {"type": "pointerDown", "button": 0}, to(onto),
            {"type": "pause", "duration": 50}, {"type": "pointerUp", "button": 0},
        ]);
        let mouse = json!({"type": "pointer", "id": "mouse", "actions": acts});
        self.command("actions", json!({ "actions": [mouse] })).await;
    }

    /// Types into an element.
    pub async fn type_into(&self, element: &Value, text: &str) {
        self.element(element, "value", json!({ "text": text })).await;
    }

    /// Turns off JavaScript.
    pub async fn without_scripts(&self) {
        self.devtools("Emulation.setScriptExecutionDisabled", json!({"value": true})).await;
    }

    /// Turns the network off or on.
    pub async fn set_offline(&self, is_offline: bool) {
        self.devtools("Network.enable", json!({})).await;
        let conditions = json!({
            "offline": is_offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1,
        });
        self.devtools("Network.emulateNetworkConditions", conditions).await;
    }

    /// Sets the width of the window, and whether the user prefers dark mode.
    pub async fn look(&self, width: u32, scheme: &str) {
        let size = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }

    /// Warnings and errors of the pages since the last call.
    pub async fn complaints(&self) -> Vec<String> {
        let entries = self.command("se/log", json!({"type": "browser"})).await;
        let entries = entries.as_array().unwrap().iter();
        entries.map(|entry| entry["message"].as_str().unwrap().to_owned()).collect()
    }

    /// The page printed to PDF.
    pub async fn print(&self) -> Vec<u8> {
        let printed = self.command("print", json!({})).await;
        STANDARD.decode(printed.as_str().unwrap()).unwrap()
    }

    async fn devtools(&self, command: &str, params: Value) -> Value {
        self.command("goog/cdp/execute", json!({"cmd": command, "params": params})).await
    }

    async fn element(&self, element: &Value, act: &str, body: Value) {
        let id = element.as_object().unwrap().values().next().unwrap().as_str().unwrap();
        self.command(&format!("element/{id}/{act}"), body).await;
    }

    async fn command(&self, path: &str, body: Value) -> Value {
        self.post(&format!("session/{}/{path}", self.session), body).await
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let answer = self.try_post(path, body).await;
        answer.unwrap_or_else(|refusal| panic!("{path}: {refusal:#}"))
    }

    async fn try_post(&self, path: &str, body: Value) -> Result<Value, Value> {
        let url = format!("http://127.0.0.1:{}/{path}", self.port);
        let request = self.http.post(url).json(&body).timeout(PATIENCE);
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let mut answer: Value = answer.json().await.unwrap();
        if status.is_success() { Ok(answer["value"].take()) } else { Err(answer) }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends the browser with its session, but not if the driver is killed.
        if !self.session.is_empty()
            && let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port))
        {
            let path = format!("/session/{}", self.session);
            let head = format!("DELETE {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close");
            let _ = stream.set_read_timeout(Some(PATIENCE));
            let _ = stream.write_all(format!("{head}\r\n\r\n").as_bytes());
            let _ = stream.read(&mut [0; 1024]);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
