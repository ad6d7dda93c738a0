//! A full disk refuses changes and nothing else.

use std::{
    collections::BTreeSet,
    fs,
    net::TcpListener,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use super::{
    program::{Answer, Caller, Ended, PASSWORD, Place, Server, run_until},
    small_disk::SmallDisk,
};

const FULL: &str = "The server's disk is full, so nothing was saved. Please try again later";
const NO_MORE: &str = "The server's disk cannot be written to, so nothing was saved. Please try \
                       again later";

/// Creates clients until one is refused, and returns the refusal. `made` collects the names of the
/// others.
async fn fill_up(caller: &Caller, made: &mut BTreeSet<String>) -> Answer {
    for number in 0..10_000 {
        let name = format!("Filler {number}");
        let body = json!({"name": &name, "email": "f@example.com"});
        let answer = caller.post("/clients", &body).await;
        if answer.status != 201 {
            return answer;
        }
        made.insert(name);
    }
    panic!("the disk does not fill up");
}

async fn names(caller: &Caller) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for page in 1.. {
        let answer = caller.get(&format!("/clients?pageSize=100&page={page}")).await;
        let clients = answer.data().as_array().unwrap();
        names.extend(clients.iter().map(|client| client["name"].as_str().unwrap().to_owned()));
        if clients.len() < 100 {
            break;
        }
    }
    names
}

fn assert_refused(answer: &Answer, said: &str) {
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert_eq!(answer.body, json!({"success": false, "error": said}));
    assert_eq!(answer.headers["retry-after"], "60");
}

async fn assert_reads_go_on(caller: &Caller, invoice: &str) {
    for path in ["/clients", "/invoices", "/dashboard/stats", "/dashboard/activity", "/auth/me"] {
        caller.get(path).await.data();
    }
    let pdf = caller.get(&format!("/invoices/{invoice}/pdf")).await;
    assert_eq!((pdf.status, &pdf.headers["content-type"] == "application/pdf"), (200, true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "mounts a file system; tests/run runs it"]
async fn a_full_disk_is_reported_while_reads_go_on_and_writes_resume_once_there_is_room() {
    let disk = SmallDisk::mount(6 * 1024);
    let server = disk.serve(&[]);
    let caller = server.register("ada").await;
    let client = caller.client("Before").await;
    let invoice = caller.invoice(&client, 100).await;
    let sent = caller.invoice(&client, 200).await;
    caller.post(&format!("/invoices/{sent}/send"), &json!({})).await.data();
    let page = caller.get(&format!("/invoices/{sent}")).await;
    assert_eq!(page.data()["status"], "sent");
    let mut made = BTreeSet::from(["Before".to_owned()]);

    disk.fill();
    assert_refused(&fill_up(&caller, &mut made).await, FULL);
    // All other writes are refused with the same message, in the format of their API.
    let send = format!("/invoices/{invoice}/send");
    assert_refused(&caller.post(&send, &json!({})).await, FULL);
    let login = json!({"email": "ada@example.com", "password": PASSWORD});
    let refused = caller.post("/auth/login", &login).await;
    assert_eq!((refused.status, &refused.body["error"]), (503, &json!(FULL)));
    let (path, body) = ("/v1/freelancer/profile", json!({"bio": "x"}));
    let hub = caller.try_send("PUT", path, Some(&body), None).await.unwrap();
    let expected = json!({"statusCode": 503, "message": FULL, "error": "Service Unavailable"});
    assert_eq!(hub.body, expected);
    for sent in futures_util::future::join_all((0..30).map(|number| {
        let caller = caller.clone();
        let body = json!({"name": format!("Lost {number}"), "email": "l@example.com"});
        async move { caller.post("/clients", &body).await }
    }))
    .await
    {
        assert_refused(&sent, FULL);
    }
    assert_reads_go_on(&caller, &invoice).await;
    assert_eq!(names(&caller).await, made);
    assert_eq!(server.said("could not save changes"), 1, "{}", server.log());
    assert_eq!(server.said("ERROR"), 1, "{}", server.log());

    // Commands report it too, and leave nothing behind.
    let ended = disk.run(&["doctor"]);
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.stdout.contains("writes are about to fail"), "{ended:?}");
    let copy = disk.place.data.join("copy.db");
    let ended = disk.run(&["backup", copy.to_str().unwrap()]);
    assert!(ended.refused().contains("full"), "{ended:?}");
    let left: Vec<_> = fs::read_dir(disk.outside(&disk.place.data))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("copy.db"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
    let ended = disk.run(&["admin", "disable", "ada@example.com"]);
    assert!(ended.refused().starts_with(FULL), "{ended:?}");

    disk.clear();
    let answer = caller.post("/clients", &json!({"name": "After", "email": "a@example.com"})).await;
    answer.data();
    made.insert("After".to_owned());
    server.wait_for("changes are being saved again");
    assert_eq!(server.said("changes are being saved again"), 1);
    caller.post("/auth/login", &login).await.data();
    caller.post(&send, &json!({})).await.data();
    server.kill();
    let server = disk.serve(&[]);
    let caller = caller.at(&server);
    assert_eq!(names(&caller).await, made, "what was acknowledged is not what is there");
    let ended = disk.run(&["doctor"]);
    assert!(ended.stdout.contains("no damage found"), "{ended:?}");
    assert!(ended.stdout.contains("match the rows"), "{ended:?}");
    assert!(server.stop().0.success());
}

#[tokio::test]
#[ignore = "mounts a file system; tests/run runs it"]
async fn a_server_starts_on_a_full_disk_and_reports_it() {
    let disk = SmallDisk::mount(4 * 1024);
    let server = disk.serve(&[]);
    let caller = server.register("ada").await;
    caller.client("Before").await;
    assert!(server.stop().0.success());
    disk.fill();
    let mut command = disk.command(&[env!("CARGO_BIN_EXE_freelanceos"), "serve"]);
    let ended = Ended::of(command.output().unwrap());
    assert!(ended.refused().contains("server's disk is full"), "{ended:?}");
    disk.clear();
    let server = disk.serve(&[]);
    assert_eq!(names(&caller.at(&server)).await, BTreeSet::from(["Before".to_owned()]));
}

#[tokio::test]
#[ignore = "mounts a file system; tests/run runs it"]
async fn a_log_on_a_full_disk_stops_no_thread() {
    let disk = SmallDisk::mount(4 * 1024);
    // The test cannot read the address from the log, which is a file on the full disk.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("127.0.0.1:{port}");
    let log = disk.place.data.with_file_name("log");
    let script = format!("exec \"$0\" serve 2>> {}", log.display());
    let mut command = disk.command(&["sh", "-c", &script, env!("CARGO_BIN_EXE_freelanceos")]);
    command.env("LISTEN", &address).env("LOG", "debug").stdout(Stdio::null());
    let mut server = Server::start_unheard(command, &address);
    let caller = server.register("ada").await;
    let client = caller.client("Before").await;
    let invoice = caller.invoice(&client, 100).await;
    let mut made = BTreeSet::from(["Before".to_owned()]);
    disk.fill();
    for _ in 0..3 {
        assert_refused(&fill_up(&caller, &mut made).await, FULL);
        assert_reads_go_on(&caller, &invoice).await;
    }
    assert!(server.is_running());
    disk.clear();
    caller.client("After").await;
    // The log is written with a delay, but at the latest when the server stops.
    assert!(server.stop().0.success());
    let log = fs::read_to_string(disk.outside(&log)).unwrap();
    assert!(log.contains("changes are being saved again"), "{log}");
}

#[tokio::test]
#[ignore = "mounts a file system; tests/run runs it"]
async fn mail_waits_while_its_folder_is_full() {
    let disk = SmallDisk::mount(512);
    let elsewhere = Place::new();
    fs::create_dir_all(&elsewhere.data).unwrap();
    let database = format!("sqlite:{}", elsewhere.file().display());
    let server = disk.serve(&[("DATABASE_URL", &database)]);
    let caller = server.register("ada").await;
    let client = caller.client("Before").await;
    let invoice = caller.invoice(&client, 100).await;
    disk.fill();
    caller.post(&format!("/invoices/{invoice}/send"), &json!({})).await.data();
    server.wait_for("could not deliver an email yet");
    disk.clear();
    let list = ["admin", "list-mail", "--json", "--database-url", &database];
    let ended = run_until("No space left on device", || disk.run(&list));
    let letters: Vec<Value> = serde_json::from_str(ended.done()).unwrap();
    assert_eq!(letters.len(), 1, "{letters:?}");
}

/// A file size limit stands in for a quota, since it needs no mount.
#[tokio::test]
async fn a_file_size_limit_is_reported_while_reads_go_on_and_writes_resume_after_it() {
    let place = Place::new();
    let script = "trap '' XFSZ; ulimit -S -f 4096; exec \"$0\" serve";
    let mut command = Command::new("sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_freelanceos")]).stdin(Stdio::null());
    place.settle(&mut command);
    let server = Server::start(command);
    let caller = server.register("ada").await;
    let client = caller.client("Before").await;
    let invoice = caller.invoice(&client, 100).await;
    let mut made = BTreeSet::from(["Before".to_owned()]);
    assert_refused(&fill_up(&caller, &mut made).await, NO_MORE);
    assert_reads_go_on(&caller, &invoice).await;
    assert_eq!(server.said("could not save changes"), 1, "{}", server.log());
    let (id, none) = (server.id().to_string(), "--fsize=unlimited");
    assert!(Command::new("prlimit").args(["--pid", &id, none]).status().unwrap().success());
    caller.client("After").await;
    made.insert("After".to_owned());
    server.kill();
    let server = place.serve();
    assert_eq!(names(&caller.at(&server)).await, made);
    assert!(server.stop().0.success());
    assert!(place.run(&["doctor"]).done().contains("no damage found"));
}
