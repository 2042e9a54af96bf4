//! Users, tokens and sessions, also from two connections at once as the hub and its command line have them.

use std::os::unix::fs::PermissionsExt;

use hub_store::conformance::samples::at;
use hub_store::{AccountError, Accounts, Token};

fn accounts() -> (tempfile::TempDir, Accounts) {
    let place = tempfile::tempdir().expect("a folder");
    let accounts = Accounts::open(&place.path().join("data")).expect("accounts");
    (place, accounts)
}

#[test]
fn users_are_added_changed_and_removed() {
    let (_place, accounts) = accounts();
    accounts.add_user("hoa", "staff", "$argon2id$1").unwrap();
    accounts.add_user("anh", "admin", "$argon2id$2").unwrap();
    let taken = accounts.add_user("hoa", "admin", "$x").unwrap_err();
    assert_eq!(taken.to_string(), "there is already a user \"hoa\"");
    let names: Vec<_> = accounts.list_users().unwrap().into_iter().map(|user| user.name).collect();
    assert_eq!(names, ["anh", "hoa"]);
    accounts.set_password("hoa", "$argon2id$3").unwrap();
    accounts.set_role("hoa", "officer").unwrap();
    let hoa = accounts.user("hoa").unwrap().unwrap();
    assert_eq!((hoa.role.as_str(), hoa.password_hash.as_str()), ("officer", "$argon2id$3"));
    assert!(!format!("{hoa:?}").contains("argon2id"), "a hash is never printed");
    accounts.remove_user("hoa").unwrap();
    assert_eq!(accounts.user("hoa").unwrap(), None);
    for error in [
        accounts.remove_user("hoa").unwrap_err(),
        accounts.set_password("hoa", "$x").unwrap_err(),
        accounts.set_role("hoa", "admin").unwrap_err(),
        accounts.add_session(&[0; 32], "hoa", at(0), at(1)).unwrap_err(),
    ] {
        assert_eq!(error.to_string(), "there is no user \"hoa\"");
    }
}

#[test]
fn tokens_are_found_by_their_digest_alone() {
    let (_place, accounts) = accounts();
    accounts.add_token("gateway", "integrator", &[1; 32], at(5)).unwrap();
    let token = Token { name: "gateway".to_owned(), role: "integrator".to_owned(), created_at: at(5) };
    assert_eq!(accounts.token_by_digest(&[1; 32]).unwrap(), Some(token.clone()));
    assert_eq!(accounts.token_by_digest(&[2; 32]).unwrap(), None);
    assert_eq!(accounts.list_tokens().unwrap(), [token]);
    let taken = accounts.add_token("gateway", "viewer", &[3; 32], at(6)).unwrap_err();
    assert!(matches!(taken, AccountError::Duplicate { kind: "token", .. }), "{taken}");
    accounts.revoke_token("gateway").unwrap();
    assert_eq!(accounts.token_by_digest(&[1; 32]).unwrap(), None);
    let unknown = accounts.revoke_token("gateway").unwrap_err();
    assert_eq!(unknown.to_string(), "there is no token \"gateway\"");
}

#[test]
fn a_session_ends_by_time_by_logout_and_with_its_user() {
    let (_place, accounts) = accounts();
    accounts.add_user("hoa", "staff", "$1").unwrap();
    accounts.add_session(&[1; 32], "hoa", at(0), at(100)).unwrap();
    let session = |digest: u8, now| accounts.session_by_digest(&[digest; 32], at(now)).unwrap();
    assert_eq!(session(1, 99).unwrap().user, "hoa");
    assert_eq!(session(1, 100), None, "expires_at is the first moment that it is no good");
    assert!(accounts.touch_session(&[1; 32], at(50), at(150)).unwrap());
    assert!(!accounts.touch_session(&[9; 32], at(50), at(150)).unwrap());
    let touched = session(1, 120).unwrap();
    assert_eq!((touched.created_at, touched.last_used_at, touched.expires_at), (at(0), at(50), at(150)));

    accounts.set_role("hoa", "admin").unwrap();
    assert_eq!(session(1, 120).unwrap().role, "admin", "a session has the role of now");
    accounts.add_session(&[2; 32], "hoa", at(0), at(500)).unwrap();
    assert_eq!(accounts.purge_expired(at(150)).unwrap(), 1);
    assert!(accounts.remove_session(&[2; 32]).unwrap());
    assert!(!accounts.remove_session(&[2; 32]).unwrap());

    accounts.add_session(&[3; 32], "hoa", at(0), at(500)).unwrap();
    accounts.set_password("hoa", "$2").unwrap();
    assert_eq!(session(3, 1), None, "another password ends the sessions");
    accounts.add_session(&[4; 32], "hoa", at(0), at(500)).unwrap();
    accounts.remove_user("hoa").unwrap();
    assert_eq!(session(4, 1), None);
    accounts.add_user("hoa", "viewer", "$3").unwrap();
    assert_eq!(session(4, 1), None, "somebody else of that name does not get them");
}

#[test]
fn two_processes_share_the_file_which_is_private() {
    let (place, hub) = accounts();
    let dir = place.path().join("data");
    let command_line = Accounts::open(&dir).unwrap();
    std::thread::scope(|scope| {
        for (name, accounts) in [("hub", &hub), ("line", &command_line)] {
            scope.spawn(move || {
                for n in 0..30 {
                    accounts.add_user(&format!("{name}-{n}"), "viewer", "$1").unwrap();
                }
            });
        }
    });
    assert_eq!(hub.list_users().unwrap().len(), 60);
    assert_eq!(hub.list_users().unwrap(), command_line.list_users().unwrap());
    for entry in std::fs::read_dir(&dir).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.file_name());
    }
    let reopened = Accounts::open(&dir).unwrap();
    assert_eq!(reopened.list_users().unwrap().len(), 60);
}

#[test]
fn sessions_are_listed_while_they_are_good() {
    let (_place, accounts) = accounts();
    accounts.add_user("lan", "staff", "hash").unwrap();
    accounts.add_session(&[1; 32], "lan", at(0), at(5_000)).unwrap();
    accounts.add_session(&[2; 32], "lan", at(1_000), at(2_000)).unwrap();
    let good = accounts.list_sessions(at(3_000)).unwrap();
    assert_eq!(good.len(), 1);
    assert_eq!((good[0].0, good[0].1.user.as_str()), ([1; 32], "lan"));
}
