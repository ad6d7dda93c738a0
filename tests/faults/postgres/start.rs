//! How servers start: together, before the database, or not at all.

use std::time::{Duration, Instant};

use super::cluster::Cluster;
use crate::program::{Ended, Place, Server};

#[test]
#[ignore = "starts a PostgreSQL server; tests/run runs it"]
fn of_ten_servers_started_at_once_on_an_empty_database_one_migrates_and_all_serve() {
    let cluster = Cluster::start();
    let places: Vec<Place> = (0..10).map(|_| Place::on(&cluster.url)).collect();
    let begun = Instant::now();
    let mut servers: Vec<Server> =
        places.iter().map(|place| Server::begin(place.command(&["serve"]))).collect();
    servers.iter_mut().for_each(Server::listens);
    println!("ten servers are up after {:.1?}", begun.elapsed());
    let migrated: usize = servers.iter().map(|server| server.said("database migrated")).sum();
    assert_eq!(migrated, 1, "{:#?}", servers.iter().map(Server::log).collect::<Vec<_>>());
    for server in servers {
        assert!(server.stop().0.success());
    }
}

#[test]
#[ignore = "starts a PostgreSQL server; tests/run runs it"]
fn a_server_with_missing_or_wrong_secrets_is_refused_with_one_line() {
    let cluster = Cluster::start();
    let place = Place::on(&cluster.url);
    let run = |change: &dyn Fn(&mut std::process::Command)| {
        let mut command = place.command(&["serve"]);
        change(&mut command);
        Ended::of(command.output().unwrap())
    };
    for (name, how) in [("SECRET_KEY", "openssl rand -hex 32"), ("JWT_SECRET", "openssl rand")] {
        let ended = run(&|command| _ = command.env_remove(name));
        assert_eq!(ended.code, 2, "{ended:?}");
        let told = ended.stderr.trim_end();
        assert!(told.starts_with(&format!("freelanceos: {name} must be set")), "{told}");
        assert!(told.contains(how) && !told.contains('\n'), "{told}");
    }

    let server = place.serve();
    let ended = run(&|command| _ = command.env("SECRET_KEY", "ab".repeat(32)));
    let told = ended.refused();
    assert!(told.contains("SECRET_KEY is not the one this database was created with"), "{told}");
    assert!(server.stop().0.success());
}

#[test]
#[ignore = "starts a PostgreSQL server; tests/run runs it"]
fn a_server_started_before_its_database_waits_for_it() {
    let cluster = Cluster::start();
    cluster.stop();
    let place = Place::on(&cluster.url);
    let mut server = Server::begin(place.command(&["serve"]));
    server.wait_for("waiting for the database");
    cluster.start_again();
    server.listens();
    assert!(server.stop().0.success());
}

#[test]
#[ignore = "starts a PostgreSQL server; tests/run runs it"]
fn a_server_whose_database_never_starts_gives_up_with_one_line() {
    let cluster = Cluster::start();
    cluster.stop();
    let begun = Instant::now();
    let ended = Place::on(&cluster.url).run(&["serve"]);
    let told = ended.refused();
    assert!(told.contains("The database cannot be reached"), "{told}");
    let took = begun.elapsed();
    println!("given up after {took:.1?}");
    assert!(took < Duration::from_secs(45), "{took:?}");
}
