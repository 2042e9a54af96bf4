//! What a site's file says for people: `contact`, `address`, `notes` and `photos`.

use std::path::Path;

use adapters_sdk::config::{Problems, Table, unusable};
use hub_api::{About, Contact, MAX_PHOTO_BYTES, Photo};
use hub_model::{LocalText, local};

use super::files::{Files, unreadable};

/// More would be an album.
const MAX_PHOTOS: usize = 12;
/// Longest name, number or address, in characters.
const MAX_CHARS: usize = 200;
/// Longest notes, in characters.
const MAX_NOTES_CHARS: usize = 2_000;

/// Takes the keys out of a site's table.
pub(super) fn read(table: &mut Table, files: &Files, problems: &mut Problems) -> About {
    let contact = contact(table, problems);
    let notes_fault = table.fault(
        "notes",
        local!("dài hơn {MAX_NOTES_CHARS} ký tự", "is longer than {MAX_NOTES_CHARS} characters"),
    );
    let address = table.local_text("address", problems);
    let notes = table.local_text("notes", problems);
    let is_long = |text: &String| text.chars().count() > MAX_NOTES_CHARS;
    if notes.iter().flat_map(|notes| [&notes.vi, &notes.en]).any(is_long) {
        problems.error(notes_fault);
    }
    About { contact, address, notes, photos: photos(table, files, problems) }
}

/// `contact = { name = "…", phone = "…", email = "…" }`.
fn contact(table: &mut Table, problems: &mut Problems) -> Option<Contact> {
    let mut contact = table.table("contact", problems)?;
    let name = contact.needed_parsed("name", problems, short);
    let phone = contact.parsed("phone", problems, phone);
    let email = contact.parsed("email", problems, email);
    contact.finish(problems);
    Some(Contact { name: name?, phone, email })
}

fn short(text: &str) -> Result<String, LocalText> {
    let text = text.trim();
    match (1..=MAX_CHARS).contains(&text.chars().count()) {
        true => Ok(text.to_owned()),
        false => Err(local!("được phép: 1 đến {MAX_CHARS} ký tự", "allowed: 1 to {MAX_CHARS} characters")),
    }
}

fn phone(text: &str) -> Result<String, LocalText> {
    let is_of_number = |c: char| c.is_ascii_digit() || "+ .-()".contains(c);
    match text.chars().filter(char::is_ascii_digit).count() {
        3..=20 if text.chars().all(is_of_number) => Ok(text.trim().to_owned()),
        _ => Err(local!(
            "có \"{text}\", được phép: số điện thoại như \"0912 345 678\"",
            "found \"{text}\", allowed: a telephone number such as \"0912 345 678\""
        )),
    }
}

fn email(text: &str) -> Result<String, LocalText> {
    let is_whole = |(name, host): (&str, &str)| !name.is_empty() && host.contains('.') && !host.contains('@');
    match text.split_once('@').is_some_and(is_whole) && !text.contains(char::is_whitespace) {
        true => Ok(text.to_owned()),
        false => Err(local!(
            "có \"{text}\", được phép: địa chỉ như \"tram@xa.example.vn\"",
            "found \"{text}\", allowed: an address such as \"tram@xa.example.vn\""
        )),
    }
}

fn photos(table: &mut Table, files: &Files, problems: &mut Problems) -> Vec<Photo> {
    let at = table.at("photos");
    let mut told = |message: LocalText| problems.error(at.fault(message));
    let names = {
        let mut own = Problems::new();
        let names = table.texts("photos", &mut own).unwrap_or_default();
        own.errors().into_iter().for_each(|problem| told(problem.message.clone()));
        names
    };
    if names.len() > MAX_PHOTOS {
        let count = names.len();
        told(local!(
            "có {count} tệp, được phép: nhiều nhất {MAX_PHOTOS}",
            "found {count} files, allowed: at most {MAX_PHOTOS}"
        ));
    }
    let mut photos = Vec::new();
    for name in names.iter().take(MAX_PHOTOS) {
        match photo(files, name) {
            Ok(photo) => photos.push(photo),
            Err(message) => told(message),
        }
    }
    photos
}

fn photo(files: &Files, name: &str) -> Result<Photo, LocalText> {
    let (head, bytes) = files.head(name).map_err(|error| unusable(name, &unreadable(&error)))?;
    if bytes > MAX_PHOTO_BYTES {
        return Err(local!(
            "có \"{name}\" dài {bytes} byte, được phép: nhiều nhất {MAX_PHOTO_BYTES}",
            "found \"{name}\" of {bytes} bytes, allowed: at most {MAX_PHOTO_BYTES}"
        ));
    }
    let media_type = match head.as_slice() {
        [0xFF, 0xD8, 0xFF, ..] => "image/jpeg",
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
        _ => {
            return Err(local!(
                "có \"{name}\", tệp này không phải ảnh; được phép: JPEG, PNG, WebP",
                "found \"{name}\", which is no picture; allowed: JPEG, PNG, WebP"
            ));
        }
    };
    Ok(Photo { path: files.path(Path::new(name)), media_type })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_addresses_are_told_from_slips() {
        assert_eq!(phone("0912 345 678").unwrap(), "0912 345 678");
        assert!(phone("+84 (24) 3869-1234").is_ok());
        assert!(phone("gọi ông Ba").unwrap_err().en.contains("telephone number"));
        assert!(email("tram@xa.example.vn").is_ok());
        assert!(email("tram at xa").is_err() && email("@xa.vn").is_err());
    }
}
