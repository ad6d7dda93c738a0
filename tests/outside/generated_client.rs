//! A client that a third-party tool generates from the OpenAPI document: it does exactly what the
//! document says.

use std::{fs, path::Path, process::Command};

use serde_json::Value;

use super::program::Place;

/// Registers, signs in, adds and lists a client, signs out, and tries the token again. The
/// generated client sends the token on the routes for which the document requires one.
const PERSON: &str = r#"
import { Api } from "./client.mjs";

const account = { email: "ada@example.com", password: "SecurePass123", firstName: "Ada", lastName: "Obi" };
const api = new Api({
  baseUrl: process.env.BASE,
  securityWorker: (token) => (token ? { headers: { Authorization: `Bearer ${token}` } } : {}),
});
const seen = { told: new Api().baseUrl };
await api.auth.register(account);
const login = await api.auth.login({ email: account.email, password: account.password });
api.setSecurityData(login.data.data.token);
await api.clients.createClient({ name: "TechStart", email: "hello@techstart.ng" });
const list = await api.clients.listClients({ search: "tech" });
seen.names = list.data.data.map((client) => client.name);
seen.out = (await api.auth.logoutAuth()).data.message;
const refused = await api.clients.listClients().catch((answer) => answer);
seen.afterwards = refused.status;
console.log(JSON.stringify(seen));
"#;

/// Runs a command to its end and returns its output.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let (out, errors) = (&output.stdout, String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {errors}\n{}", String::from_utf8_lossy(out));
    String::from_utf8_lossy(out).trim().to_owned()
}

#[tokio::test]
async fn a_client_generated_from_the_document_signs_out_for_good() {
    let tools = run(&mut Command::new("tests/openapi/install"));
    let place = Place::new(&[("PUBLIC_URL", "http://localhost:4321")]);
    let server = place.serve();
    let base = format!("http://{}/api/v1", server.address());
    let document = reqwest::get(format!("{base}/openapi.json")).await.unwrap();
    let document: Value = document.json().await.unwrap();

    let folder = place.path("client");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("openapi.json"), document.to_string()).unwrap();
    let generator = Path::new(&tools).join("swagger-typescript-api");
    let options =
        ["generate", "--js", "--silent", "-p", "openapi.json", "-o", ".", "-n", "client.js"];
    run(Command::new(generator).args(options).current_dir(&folder));
    fs::rename(folder.join("client.js"), folder.join("client.mjs")).unwrap();
    fs::write(folder.join("person.mjs"), PERSON).unwrap();
    let person = run(Command::new("node").arg("person.mjs").env("BASE", base).current_dir(&folder));
    let seen: Value = serde_json::from_str(&person).unwrap();
    assert_eq!(seen["told"], "http://localhost:4321/api/v1");
    assert_eq!(seen["names"], serde_json::json!(["TechStart"]));
    assert_eq!(seen["out"], "Logged out successfully");
    assert_eq!(seen["afterwards"], 401);
    server.stop();
}
