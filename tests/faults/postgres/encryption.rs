//! TLS to the database: which certificates are accepted.

use std::fs;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

use super::cluster::Cluster;
use crate::program::Place;

/// A certificate authority and the path of its certificate.
fn authority(folder: &TempDir, name: &str) -> (Issuer<'static, KeyPair>, String) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    // An authority with a known name and a wrong key fails differently from an unknown one.
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let file = folder.path().join(name);
    fs::write(&file, params.self_signed(&key).unwrap().pem()).unwrap();
    (Issuer::new(params, key), file.to_str().unwrap().to_owned())
}

#[test]
#[ignore = "starts a PostgreSQL server; tests/run runs it"]
fn with_full_verification_only_a_server_that_proves_its_name_is_accepted() {
    let cluster = Cluster::start();
    let folder = TempDir::new().unwrap();
    let (issuer, known) = authority(&folder, "known.pem");
    let (_, stranger) = authority(&folder, "stranger.pem");

    let migrate = |host: &str, options: &str| {
        let url = cluster.url.replace("127.0.0.1", host);
        let (address, _) = url.split_once('?').unwrap();
        Place::on(&format!("{address}?{options}")).run(&["migrate", "--dry-run"])
    };
    let is_told = |host: &str, options: &str, why: &str| {
        let ended = migrate(host, options);
        assert!(ended.refused().contains(why), "{host} {options}: {ended:?}");
    };
    migrate("localhost", "sslmode=prefer").done();
    is_told("localhost", "sslmode=require", "TLS");

    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    cluster.encrypt(&certificate.pem(), &key.serialize_pem());
    for host in ["localhost", "127.0.0.1"] {
        for mode in ["", "sslmode=disable", "sslmode=prefer", "sslmode=require"] {
            migrate(host, mode).done();
        }
        for (mode, root) in [("require", &known), ("verify-ca", &known)] {
            migrate(host, &format!("sslmode={mode}&sslrootcert={root}")).done();
        }
        for mode in ["require", "verify-ca", "verify-full"] {
            let options = format!("sslmode={mode}&sslrootcert={stranger}");
            is_told(host, &options, "invalid peer certificate: UnknownIssuer");
        }
        // The issuer is not in the system's trust store.
        is_told(host, "sslmode=verify-full", "invalid peer certificate: UnknownIssuer");
    }
    let full = format!("sslmode=verify-full&sslrootcert={known}");
    migrate("localhost", &full).done();
    is_told("127.0.0.1", &full, "certificate not valid for name");
}

#[test]
#[ignore = "starts a PostgreSQL server; tests/run runs it"]
fn a_server_with_a_different_token_secret_is_refused() {
    let cluster = Cluster::start();
    let place = Place::on(&cluster.url);
    let server = place.serve();
    let mut command = place.command(&["serve"]);
    let ended =
        crate::program::Ended::of(command.env("JWT_SECRET", "j".repeat(40)).output().unwrap());
    assert!(
        ended.refused().contains("JWT_SECRET is not the one that running servers use"),
        "{ended:?}"
    );
    assert!(server.stop().0.success());
    // Once no server is running, the secret may change.
    let server = place.serve_with(&[("JWT_SECRET", &"j".repeat(40))]);
    assert!(server.stop().0.success());
}
