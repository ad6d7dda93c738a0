//! `openapi` and `completions`.

use serde_json::Value;

use super::Place;

#[tokio::test]
async fn openapi_prints_what_the_server_serves_and_needs_no_database() {
    let place = Place::new();
    let printed = place.run(&["openapi"]);
    let document: Value = serde_json::from_str(printed.done()).unwrap();
    assert_eq!(document["info"]["title"], "FreelanceOS API");
    assert!(document["paths"]["/invoices/{id}/mark-paid"]["post"].is_object());
    assert!(std::fs::read_dir(&place.folder).unwrap().next().is_none(), "nothing was made");
    assert_eq!(place.run(&["openapi", "freelanceos"]).stdout, printed.stdout);
    assert_eq!(place.run(&["openapi", "nothing"]).code, 2);

    let server = place.serve();
    let (_, mut served) = server.get("/openapi.json", "").await;
    // Except for the address, since this server listens on its own port.
    assert_eq!(document["servers"][0]["url"], "http://localhost:5000/api/v1");
    assert!(served["servers"][0]["url"].as_str().unwrap().ends_with("/api/v1"));
    served["servers"] = document["servers"].clone();
    assert_eq!(served, document);
    server.stop();
}

#[test]
fn every_shell_has_completions() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ended = place.run(&["completions", shell]);
        assert!(ended.done().contains("list-users"), "{shell}");
    }
    assert_eq!(place.run(&["completions", "sh"]).code, 2);
}
