//! Passwords of devices: read from where they are given, held against each other, and warned of where others may read them.
//!
//! A password never goes into a fault's text.

use std::collections::{HashMap, HashSet};

use std::sync::Arc;

use adapters_mqtt::client::trust;
use adapters_mqtt::config::{BrokerSettings, LoginSettings, MAX_CREDENTIAL_BYTES, PasswordSource};
use adapters_sdk::config::{Place, Problem, Problems, Table, unusable};
use hub_model::text::Told as _;
use hub_model::{LocalText, local};

use super::files::{Files, about_file, unreadable};

/// What a broker is shown and what it must show.
pub(super) struct Credentials {
    pub(super) password: Option<String>,
    /// The issuers, in PEM.
    pub(super) ca: Option<Arc<str>>,
}

/// The logins found so far.
pub(super) struct Logins<'a> {
    files: &'a Files,
    known: HashMap<String, (String, Place)>,
    warned: HashSet<String>,
}

impl<'a> Logins<'a> {
    /// None yet.
    pub(super) fn new(files: &'a Files) -> Self {
        Self { files, known: HashMap::new(), warned: HashSet::new() }
    }

    /// The password of a login at the hub's own broker. `table` is the device's, before its keys were taken.
    pub(super) fn password(
        &mut self,
        settings: &LoginSettings,
        table: &Table,
        problems: &mut Problems,
    ) -> Option<String> {
        // Only for the places: what is wrong with the table has been told.
        let login = table.clone().table("login", &mut Problems::new())?;
        let password = self.text_of(&settings.password, &login, problems)?;
        let name = &settings.username;
        match self.known.get(name) {
            None => {
                self.known.insert(name.clone(), (password.clone(), login.place_of("username")));
            }
            Some((other, place)) if *other != password => {
                let message = local!(
                    "có \"{name}\", tên này có mật khẩu khác ở {place}",
                    "found \"{name}\", which has another password at {place}"
                );
                problems.error(login.fault("username", message));
            }
            // Several devices may share a login, such as those behind one gateway.
            Some(_) => {}
        }
        Some(password)
    }

    /// What is needed to log in to somebody else's broker: the password, and the issuers that are trusted. `table` is where its
    /// keys stood, before they were taken.
    pub(super) fn broker(
        &mut self,
        settings: &BrokerSettings,
        table: &Table,
        problems: &mut Problems,
    ) -> Option<Credentials> {
        let password = match &settings.password {
            None => None,
            Some(source) => Some(self.text_of(source, table, problems)?),
        };
        let ca = match &settings.ca {
            None => None,
            Some(file) => {
                let read = self.files.text(file).map_err(|error| unreadable(&error));
                let usable = read.and_then(|text| match trust(Some(&text)) {
                    Ok(_) => Ok(text),
                    Err(error) => Err(error.told()),
                });
                match usable {
                    Ok(text) => Some(text.into()),
                    Err(why) => {
                        problems.error(table.fault("ca", unusable(file, &why)));
                        return None;
                    }
                }
            }
        };
        Some(Credentials { password, ca })
    }

    /// The password itself. `table` is where its key stands.
    fn text_of(&mut self, source: &PasswordSource, table: &Table, problems: &mut Problems) -> Option<String> {
        match source {
            PasswordSource::Given(password) => {
                self.warn_of_readers(&table.place_of("password"), problems);
                Some(password.clone())
            }
            PasswordSource::File(file) => match self.first_line(file) {
                Ok(password) => Some(password),
                Err(why) => {
                    problems.error(table.fault("password_file", unusable(file, &why)));
                    None
                }
            },
        }
    }

    fn first_line(&self, file: &str) -> Result<String, LocalText> {
        let text = self.files.text(file).map_err(|error| unreadable(&error))?;
        let line = text.lines().next().unwrap_or_default();
        if line.is_empty() || line.len() > MAX_CREDENTIAL_BYTES {
            let bytes = line.len();
            return Err(local!(
                "có dòng đầu dài {bytes} byte, được phép: 1 đến {MAX_CREDENTIAL_BYTES}",
                "has a first line of {bytes} bytes, allowed: 1 to {MAX_CREDENTIAL_BYTES}"
            ));
        }
        Ok(line.to_owned())
    }

    fn warn_of_readers(&mut self, place: &Place, problems: &mut Problems) {
        let Some(mode) = self.files.open_mode(&place.file) else { return };
        if self.warned.insert(place.file.to_string()) {
            let message = local!(
                "chứa mật khẩu mà người khác đọc được (quyền {mode:o}); hãy dùng password_file, hoặc chạy chmod 600 cho tệp này",
                "holds passwords and others may read it (mode {mode:o}); use password_file, or run chmod 600 on it"
            );
            problems.warning(Problem { place: place.clone(), ..about_file("", message) });
        }
    }
}
