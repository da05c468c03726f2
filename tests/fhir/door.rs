//! Addresses, certificates and tokens.

use std::process::Command;

use brisk::export::{
    fhir::{Fhir, FhirSettings},
    target::{Export, Trouble},
};
use serde_json::json;

use crate::{SYSTEM, fhir_server::FhirServer, settings};

#[test]
fn a_wrong_token_stops_and_is_in_no_message() {
    let server = FhirServer::start();
    server.set(&json!({"token": "right-and-secret"}));
    let with =
        |token: &str| Fhir::new(FhirSettings { token: Some(token.to_owned()), ..settings(&server.fhir) }).unwrap();

    let mut wrong = with("wrong-and-secret");
    let trouble = wrong.check().unwrap_err();

    assert!(matches!(&trouble, Trouble::Stopped { what } if what.contains("`secret`")), "{trouble:?}");
    assert!(
        !format!(
            "{trouble:?} {wrong:?} {:?}",
            FhirSettings { token: Some("wrong-and-secret".to_owned()), ..settings("x") }
        )
        .contains("wrong-and-secret")
    );
    with("right-and-secret").check().unwrap();
}

#[test]
fn an_address_that_would_give_days_or_a_token_away_is_refused() {
    for (base_url, system, named) in [
        ("http://fhir.example/r4", SYSTEM, "https"),
        ("ftp://fhir.example/r4", SYSTEM, "https"),
        ("https://user:word@fhir.example/r4", SYSTEM, "`secret`"),
        ("https://fhir.example/r4?token=1", SYSTEM, "`secret`"),
        ("not an address", SYSTEM, "`url`"),
        ("https://fhir.example/r4", "study", "`system`"),
    ] {
        let made = Fhir::new(FhirSettings { system: system.to_owned(), ..settings(base_url) });

        let trouble = made.err().unwrap_or_else(|| panic!("{base_url} is taken"));
        assert!(
            matches!(&trouble, Trouble::Stopped { what } if what.contains(named) && what.contains("nothing was sent")),
            "{trouble:?}"
        );
        assert!(!trouble.to_string().contains("word@"));
    }
    let no_certificate =
        Fhir::new(FhirSettings { ca_pem: Some(b"-----".to_vec()), ..settings("https://fhir.example/r4") });
    assert!(matches!(no_certificate, Err(Trouble::Stopped { what }) if what.contains("`ca`")));
}

#[test]
fn a_certificate_that_nobody_known_vouches_for_stops_unless_the_study_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=fhir.test", "-addext", "subjectAltName=IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-out"])
        .arg(&cert)
        .arg("-keyout")
        .arg(&key)
        .output()
        .expect("openssl is installed");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let server = FhirServer::start_with(&[("TLS_CERT", &cert), ("TLS_KEY", &key)]);
    assert!(server.fhir.starts_with("https://"), "{}", server.fhir);
    let pem = std::fs::read(&cert).unwrap();

    let unknown = Fhir::new(settings(&server.fhir)).unwrap().check().unwrap_err();
    let known = Fhir::new(FhirSettings { ca_pem: Some(pem), ..settings(&server.fhir) }).unwrap().check();

    assert!(matches!(&unknown, Trouble::Stopped { what } if what.contains("`ca`")), "{unknown:?}");
    assert_eq!(known.unwrap(), ["The FHIR server is one without a name."]);
}
