//! An authority of a test's own, and the certificates that it gives.

use std::path::Path;
use std::process::Command;

use crate::server::{Directory, find};

const CONFIGURATION: &str = "\
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[server]
basicConstraints = critical, CA:FALSE
subjectAltName = $ENV::NAME
";

/// Files in a directory that goes with it. The keys can be read by every user: servers may run as another.
pub struct Authority(Directory);

impl Authority {
    /// None when openssl is not installed.
    pub fn new() -> Option<Self> {
        find("openssl", std::iter::empty())?;
        let authority = Self(Directory::new("authority"));
        std::fs::write(authority.path("openssl.cnf"), CONFIGURATION).expect("a file can be written");
        // Each has its own name: a verifier looks for the issuer by that.
        let subject = format!("/CN={}", authority.0.0.file_name().expect("it has one").display());
        authority.request("authority", "DNS:none", &["-subj", &subject, "-extensions", "authority"]);
        Some(authority)
    }

    /// Its own certificate.
    pub fn file(&self) -> String {
        self.path("authority.pem")
    }

    /// A certificate and its key, for a name such as `IP:127.0.0.1` or `DNS:redis`.
    pub fn certify(&self, name: &str) -> (String, String) {
        let file = name.replace(':', "-");
        let (authority, key) = (self.file(), self.path("authority.key"));
        let signed = ["-subj", "/CN=server", "-extensions", "server", "-CA", &authority, "-CAkey", &key];
        self.request(&file, name, &signed);
        (self.path(&format!("{file}.pem")), self.path(&format!("{file}.key")))
    }

    fn request(&self, file: &str, name: &str, arguments: &[&str]) {
        let (certificate, key) = (self.path(&format!("{file}.pem")), self.path(&format!("{file}.key")));
        let mut command = Command::new("openssl");
        command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"]);
        command.args(["-days", "2", "-out", &certificate, "-keyout", &key]).args(arguments);
        command.args(["-config", &self.path("openssl.cnf")]).env("NAME", name);
        let output = command.output().expect("openssl starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let everyone = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        std::fs::set_permissions(Path::new(&key), everyone).expect("the key is ours");
    }

    fn path(&self, name: &str) -> String {
        self.0.0.join(name).display().to_string()
    }
}
