//! `commune-hub user` and `token` on a folder of their own: who is there afterwards, and what is told.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const PASSWORD: &str = "nước sạch 2026";

fn hub(dir: &Path, args: &[&str], stdin: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_commune-hub"))
        .args(args)
        .arg("--config")
        .arg(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that does not read stdin may have ended already.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

fn done(dir: &Path, args: &[&str], stdin: &str) -> String {
    let output = hub(dir, args, stdin);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The exit code and what was told on stderr; nothing may stand on stdout then.
fn refused(dir: &Path, args: &[&str], stdin: &str) -> (i32, String) {
    let output = hub(dir, args, stdin);
    assert_eq!(output.stdout, b"", "{args:?}");
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

fn configuration() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    // A fault that has nothing to do with accounts does not lock people out.
    fs::write(dir.path().join("hub.toml"), "[commune]\nid = \"a\"\n[htpp]\n[store]\ndir = \"kept\"\n")
        .unwrap();
    dir
}

fn add(dir: &Path, name: &str, role: &str) -> String {
    done(dir, &["user", "add", name, "--role", role, "--password-stdin"], &format!("{PASSWORD}\n"))
}

#[test]
fn people_are_added_listed_changed_and_removed() {
    let configuration = configuration();
    let dir = configuration.path();
    assert_eq!(done(dir, &["user", "list"], ""), "");
    assert_eq!(add(dir, "lan", "staff"), "added lan with role staff\n");
    add(dir, "minh", "admin");
    let listed = done(dir, &["user", "list"], "");
    let words: Vec<Vec<_>> = listed.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(words, [["lan", "staff"], ["minh", "admin"]]);
    let changed = done(dir, &["user", "passwd", "lan", "--password-stdin"], "another one 2026\n");
    assert_eq!(changed, "changed the password of lan and ended their sessions\n");
    assert_eq!(done(dir, &["user", "remove", "lan"], ""), "removed lan\n");
    assert_eq!(done(dir, &["user", "list"], "").lines().count(), 1);
    assert!(dir.join("kept/accounts.sqlite").exists());
}

#[test]
fn what_cannot_be_done_with_people_is_told_plainly() {
    let configuration = configuration();
    let dir = configuration.path();
    add(dir, "lan", "staff");
    let add_again = ["user", "add", "lan", "--role", "staff", "--password-stdin"];
    assert_eq!(
        refused(dir, &add_again, "whatever it is\n"),
        (1, "error: there is already a user \"lan\"\n".to_owned())
    );
    let short = ["user", "add", "hoa", "--role", "viewer", "--password-stdin"];
    let (code, told) = refused(dir, &short, "seven77\n");
    assert_eq!(code, 1);
    assert_eq!(told, "error: a password has at least 8 characters and at most 1024 bytes\n");
    assert_eq!(
        refused(dir, &["user", "remove", "hoa"], ""),
        (1, "error: there is no user \"hoa\"\n".to_owned())
    );
    let passwd = ["user", "passwd", "hoa", "--password-stdin"];
    assert_eq!(refused(dir, &passwd, "long enough\n"), (1, "error: there is no user \"hoa\"\n".to_owned()));
    let (code, told) = refused(dir, &["user", "add", "hoa", "--role", "root", "--password-stdin"], "");
    assert_eq!(code, 2);
    assert!(told.contains("allowed: viewer, staff, officer, integrator, admin"), "{told}");
    let (code, told) = refused(dir, &["user", "add", "hai từ", "--role", "staff", "--password-stdin"], "");
    assert_eq!(code, 2);
    assert!(told.contains("without spaces"), "{told}");
}

#[test]
fn no_password_and_no_token_is_kept_in_the_clear() {
    let configuration = configuration();
    let dir = configuration.path();
    add(dir, "lan", "staff");
    let token = done(dir, &["token", "add", "telegraf", "--role", "integrator"], "");
    let secrets = [PASSWORD.as_bytes(), token.trim().as_bytes()];
    for entry in fs::read_dir(dir.join("kept")).unwrap().map(Result::unwrap) {
        let bytes = fs::read(entry.path()).unwrap();
        for secret in secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret);
            assert!(!found, "{:?} holds a secret", entry.file_name());
        }
    }
}

#[test]
fn a_token_is_the_only_thing_on_stdout_and_is_listed_until_it_is_revoked() {
    let configuration = configuration();
    let dir = configuration.path();
    let token = done(dir, &["token", "add", "telegraf", "--role", "integrator"], "");
    assert_eq!(token.len(), "ch_".len() + 64 + "\n".len());
    assert!(token.starts_with("ch_") && token.ends_with('\n'));
    let listed = done(dir, &["token", "list"], "");
    let words: Vec<_> = listed.split_whitespace().collect();
    assert_eq!(words[..2], ["telegraf", "integrator"]);
    assert!(words[2].starts_with("20") && words[2].ends_with('Z'), "{listed}");
    assert!(!listed.contains(token.trim()));
    assert_eq!(
        refused(dir, &["token", "add", "telegraf", "--role", "viewer"], ""),
        (1, "error: there is already a token \"telegraf\"\n".to_owned())
    );
    assert_eq!(done(dir, &["token", "revoke", "telegraf"], ""), "revoked telegraf\n");
    assert_eq!(done(dir, &["token", "list"], ""), "");
    assert_eq!(
        refused(dir, &["token", "revoke", "telegraf"], ""),
        (1, "error: there is no token \"telegraf\"\n".to_owned())
    );
}
