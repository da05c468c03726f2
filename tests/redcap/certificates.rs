//! Who vouches for the server.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use brisk::export::{
    redcap::{Redcap, RedcapSettings},
    target::{Export as _, Verdict},
};

use crate::{
    days::{full_day, passing, settings, stopped},
    redcap_stand_in::StandIn,
};

#[test]
fn a_certificate_that_nobody_vouches_for_stops_everything_and_an_authority_can_be_named() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, [good, other_name, expired]) = certificates(folder.path());
    let with = |pair: &Pair, ca: bool| {
        let stand_in = StandIn::start_tls(&pair.certificate, &pair.key);
        let ca_pem = ca.then(|| fs::read(&authority).unwrap());
        let sent = Redcap::new(RedcapSettings { ca_pem, ..settings(&stand_in) }).unwrap().send(&[full_day()]);
        assert_eq!(stand_in.days().len(), usize::from(sent.is_ok()));
        sent
    };

    let unknown = with(&good, false).unwrap_err();
    assert!(stopped(&unknown).contains("`ca`"), "{unknown}");
    assert_eq!(with(&good, true).unwrap(), [Verdict::Stored]);
    let other = with(&other_name, true).unwrap_err();
    assert!(stopped(&other).contains("`url`"), "{other}");
    // Nobody here can mend it.
    assert!(passing(&with(&expired, true).unwrap_err()).contains("not valid today"));
}

struct Pair {
    certificate: PathBuf,
    key: PathBuf,
}

/// An authority, and what it vouches for: this computer, another one, and this computer in the past.
fn certificates(folder: &Path) -> (PathBuf, [Pair; 3]) {
    let openssl = |arguments: &[&str]| {
        let out = Command::new("openssl").args(arguments).current_dir(folder).output();
        let out = out.expect("openssl is missing; tests/run installs it");
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    };
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    let authority =
        ["req", "-x509", "-days", "2", "-subj", "/CN=Test authority", "-keyout", "ca.key", "-out", "ca.pem"];
    openssl(&[&authority[..], &key].concat());
    let pair = |name: &str, host: &str, valid: &[&str]| {
        let (certificate, secret, request, extensions) =
            (format!("{name}.pem"), format!("{name}.key"), format!("{name}.csr"), format!("{name}.ext"));
        fs::File::create(folder.join(&extensions))
            .unwrap()
            .write_all(format!("subjectAltName=DNS:{host}\nbasicConstraints=CA:FALSE\n").as_bytes())
            .unwrap();
        let asked = ["req", "-subj", "/CN=test", "-keyout", &secret, "-out", &request];
        openssl(&[&asked[..], &key].concat());
        let signed = [
            "x509",
            "-req",
            "-in",
            &request,
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-extfile",
            &extensions,
            "-out",
            &certificate,
        ];
        openssl(&[&signed[..], valid].concat());
        Pair { certificate: folder.join(certificate), key: folder.join(secret) }
    };
    let pairs = [
        pair("good", "localhost", &["-days", "2"]),
        pair("other", "elsewhere.example", &["-days", "2"]),
        pair("expired", "localhost", &["-days", "-1"]),
    ];
    (folder.join("ca.pem"), pairs)
}
