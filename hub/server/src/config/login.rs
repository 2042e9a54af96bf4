//! Passwords of devices: read from where they are given, held against each other, and warned of where others may read them.
//!
//! A password never goes into a fault's text.

use std::collections::{HashMap, HashSet};

use adapters_mqtt::config::{DeviceSettings, MAX_CREDENTIAL_BYTES, PasswordSource};
use adapters_sdk::config::{Place, Problem, Problems, Table};

use super::files::{Files, about_file};

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

    /// The password of a device. `table` is the device's, before its keys were taken.
    pub(super) fn password(
        &mut self,
        settings: &DeviceSettings,
        table: &Table,
        problems: &mut Problems,
    ) -> Option<String> {
        // Only for the places: what is wrong with the table has been told.
        let login = table.clone().table("login", &mut Problems::new())?;
        let password = match &settings.login.password {
            PasswordSource::Given(password) => {
                self.warn_of_readers(&login.place_of("password"), problems);
                password.clone()
            }
            PasswordSource::File(file) => match self.first_line(file) {
                Ok(password) => password,
                Err(why) => {
                    problems.error(login.fault("password_file", format!("found \"{file}\", which {why}")));
                    return None;
                }
            },
        };
        let name = &settings.login.username;
        match self.known.get(name) {
            None => {
                self.known.insert(name.clone(), (password.clone(), login.place_of("username")));
            }
            Some((other, place)) if *other != password => {
                let message = format!("found \"{name}\", which has another password at {place}");
                problems.error(login.fault("username", message));
            }
            // Several devices may share a login, such as those behind one gateway.
            Some(_) => {}
        }
        Some(password)
    }

    fn first_line(&self, file: &str) -> Result<String, String> {
        let text = self.files.text(file).map_err(|error| format!("cannot be read: {error}"))?;
        let line = text.lines().next().unwrap_or_default();
        if line.is_empty() || line.len() > MAX_CREDENTIAL_BYTES {
            return Err(format!(
                "has a first line of {} bytes, allowed: 1 to {MAX_CREDENTIAL_BYTES}",
                line.len()
            ));
        }
        Ok(line.to_owned())
    }

    fn warn_of_readers(&mut self, place: &Place, problems: &mut Problems) {
        let Some(mode) = self.files.open_mode(&place.file) else { return };
        if self.warned.insert(place.file.to_string()) {
            let message = format!(
                "holds passwords and others may read it (mode {mode:o}); use password_file, or run chmod 600 on it"
            );
            problems.warning(Problem { place: place.clone(), ..about_file("", message) });
        }
    }
}
