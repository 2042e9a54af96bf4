//! A site's file as text: where each device stands in it, how one is put in or taken out while the rest stays as somebody wrote
//! it, and how it is shown without its passwords.
//!
//! Knows TOML and where a device begins; what its keys mean is checked by `config`. Read next: `mod.rs`.

use hub_model::text::Told as _;
use hub_model::{LocalText, local};
use std::ops::Range;

use adapters_sdk::config::{Place, Problem, syntax};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What stands in the place of a password.
pub const HIDDEN: &str = "***";
/// Keys whose texts are never shown.
const SECRETS: [&str; 3] = ["password", "secret", "token"];
/// Keys that name a file of the machine: only who has access to the folder may say which of them the hub reads.
const FILES: [&str; 2] = ["password_file", "ca"];
/// What faults of a device call its text, as where a device is tried.
pub const DEVICE: &str = "device";

/// A device's id and where it stands in the text: once, unless another table stands between its own.
struct Standing {
    id: String,
    parts: Vec<Range<usize>>,
}

/// Each device of a site's file as (id, TOML), in the order of the file. None where the text is no TOML.
pub fn devices(text: &str) -> Vec<(String, String)> {
    let shown = |device: Standing| {
        let parts: String = device.parts.into_iter().filter_map(|part| text.get(part)).collect();
        (device.id, parts.trim().to_owned() + "\n")
    };
    DeTable::parse(text)
        .map_or_else(|_| Vec::new(), |root| standing(root.get_ref(), text))
        .into_iter()
        .map(shown)
        .collect()
}

/// The text with `device`, which replaces the one with its id or else comes last.
pub fn with_device(text: &str, id: &str, device: &str) -> Result<String, Vec<LocalText>> {
    let device = device.trim().replace("\r\n", "\n") + "\n";
    let device = if text.contains("\r\n") { device.replace('\n', "\r\n") } else { device };
    let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    match found(text, id)? {
        Some(parts) => {
            let first = parts.first().map_or(text.len(), |part| part.start);
            let is_last = parts.last().is_some_and(|part| part.end == text.len());
            let (before, after) = (text.get(..first).unwrap_or_default(), without(text, &parts, first));
            let gap = if is_last { "" } else { line_end };
            Ok(format!("{before}{device}{gap}{after}"))
        }
        None => Ok(format!("{}{line_end}{line_end}{device}", text.trim_end())),
    }
}

/// The text without the device `id`; `None` when it has none.
pub fn without_device(text: &str, id: &str) -> Result<Option<String>, Vec<LocalText>> {
    let parts = found(text, id)?;
    Ok(parts.map(|parts| without(text, &parts, 0).trim_end().to_owned() + "\n"))
}

/// Refuses a text that is not exactly one `[[device]]` with the id `id`, or that says what the API may not say.
pub fn check_device(id: &str, text: &str) -> Result<(), Vec<LocalText>> {
    let root = parsed(text)?;
    let fault = |at: usize, key: &str, message: LocalText| vec![fault(text, at, key, message)];
    if let Some((key, value)) = root.get_ref().iter().find(|(key, _)| *key.get_ref() != "device") {
        let message = local!(
            "được phép: một [[device]] và những gì thuộc về nó, không gì khác",
            "allowed: one [[device]] and what belongs to it, nothing else"
        );
        return Err(fault(value.span().start, key.get_ref(), message));
    }
    let standing = standing(root.get_ref(), text);
    let [only] = standing.as_slice() else {
        let count = standing.len();
        let message = local!(
            "có {count} thiết bị có mã, được phép: một [[device]] với các [[device.point]]",
            "found {count} devices with an id, allowed: one [[device]] with its [[device.point]]"
        );
        return Err(fault(0, "device", message));
    };
    if only.id != id {
        let found = &only.id;
        let message = local!(
            "có \"{found}\", được phép: \"{id}\", là mã dùng để lưu",
            "found \"{found}\", allowed: \"{id}\", the id that it is saved under"
        );
        return Err(fault(0, "device.id", message));
    }
    let mut faults = Vec::new();
    walk(root.get_ref(), &mut |key, value| {
        if FILES.contains(&key) {
            let message = local!(
                "không nhận ở đây: ai vào được thư mục của máy chủ mới ghi tên tệp",
                "is not taken here: whoever has access to the hub's folder names its files"
            );
            faults.extend(fault(value.span().start, key, message));
        }
        if SECRETS.contains(&key) && matches!(value.get_ref(), DeValue::String(text) if text == HIDDEN) {
            faults.extend(fault(
                value.span().start,
                key,
                local!("đang được giấu; hãy nhập lại", "is hidden here; give it anew"),
            ));
        }
    });
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// Whether two files say the same but for the device `id`.
pub fn differ_only_in(id: &str, before: &str, after: &str) -> bool {
    let rest = |text: &str| {
        let mut root = toml::from_str::<toml::Table>(text).ok()?;
        let mut devices = match root.remove("device") {
            Some(toml::Value::Array(devices)) => devices,
            _ => Vec::new(),
        };
        devices.retain(|device| device.get("id").and_then(toml::Value::as_str) != Some(id));
        // As texts: a NaN that stays a NaN is no difference.
        Some((format!("{root:?}"), format!("{devices:?}")))
    };
    rest(before).zip(rest(after)).is_some_and(|(before, after)| before == after)
}

/// The text for showing: passwords are hidden, in comments, too.
pub fn hidden(text: &str) -> String {
    // Without its structure nothing tells where a password is.
    let Ok(root) = DeTable::parse(text) else { return String::new() };
    let mut spans = Vec::new();
    walk(root.get_ref(), &mut |key, value| {
        if SECRETS.contains(&key) {
            spans.push(value.span());
        }
    });
    spans.sort_by_key(|span| span.start);
    let mut shown = text.to_owned();
    for span in spans.into_iter().rev() {
        shown.replace_range(span, &format!("\"{HIDDEN}\""));
    }
    let lines = shown.split_inclusive('\n').map(|line| match line.split_once('#') {
        Some((before, comment)) => format!("{before}#{}", without_secret(comment)),
        None => line.to_owned(),
    });
    lines.collect()
}

/// A comment without what follows `password =`.
fn without_secret(comment: &str) -> String {
    let end = SECRETS.iter().filter_map(|key| {
        let (from, rest) = comment.split_once(key)?;
        let gap = rest.len() - rest.trim_start_matches([' ', '\t', '"']).len();
        rest.get(gap..)?.starts_with(['=', ':']).then_some(from.len() + key.len() + gap + 1)
    });
    let line_end = if comment.ends_with('\n') { "\n" } else { "" };
    end.min()
        .and_then(|end| comment.get(..end))
        .map_or_else(|| comment.to_owned(), |kept| format!("{kept} {HIDDEN}{line_end}"))
}

fn found(text: &str, id: &str) -> Result<Option<Vec<Range<usize>>>, Vec<LocalText>> {
    let standing = standing(parsed(text)?.get_ref(), text);
    let found = standing.into_iter().find(|device| device.id == id);
    if found.as_ref().is_some_and(|device| device.parts.is_empty()) {
        let message = local!(
            "không viết dạng [[device]], nên chỉ sửa được trong tệp",
            "is not written as [[device]], so that it can be changed in the file only"
        );
        return Err(vec![message]);
    }
    Ok(found.map(|device| device.parts))
}

fn parsed(text: &str) -> Result<Spanned<DeTable<'_>>, Vec<LocalText>> {
    DeTable::parse(text).map_err(|error| {
        vec![fault(text, error.span().map_or(0, |span| span.start), "", syntax(error.message()))]
    })
}

fn fault(text: &str, at: usize, key: &str, message: LocalText) -> LocalText {
    let line = 1 + text.get(..at).unwrap_or_default().matches('\n').count();
    Problem { place: Place { file: DEVICE.into(), line }, key: key.to_owned(), message }.told()
}

/// Where each device stands: its headers and what is below them, down to the next header of something else.
fn standing(root: &DeTable<'_>, text: &str) -> Vec<Standing> {
    let mut headers = Vec::new();
    let mut found = Vec::new();
    for (key, value) in root {
        match value.get_ref() {
            DeValue::Array(devices) if *key.get_ref() == "device" => {
                for device in devices {
                    let owner = found.len();
                    let id = match device.get_ref() {
                        DeValue::Table(table) => table.get("id").and_then(|id| match id.get_ref() {
                            DeValue::String(id) => Some(id.to_string()),
                            _ => None,
                        }),
                        _ => None,
                    };
                    collect(device, text, Some(owner), &mut headers);
                    found.push(Standing { id: id.unwrap_or_default(), parts: Vec::new() });
                }
            }
            _ => collect(value, text, None, &mut headers),
        }
    }
    headers.sort_by_key(|(start, _)| *start);
    let starts: Vec<usize> = headers.iter().map(|(start, _)| with_comment(text, *start)).collect();
    for (index, (_, owner)) in headers.iter().enumerate() {
        let part =
            starts.get(index).copied().unwrap_or(0)..starts.get(index + 1).copied().unwrap_or(text.len());
        let Some(device) = owner.and_then(|owner| found.get_mut(owner)) else { continue };
        match device.parts.last_mut().filter(|last| last.end == part.start) {
            Some(last) => last.end = part.end,
            None => device.parts.push(part),
        }
    }
    found
}

/// The headers in `value`, its own included, with whose they are. What stands in one line with its key has none.
fn collect(
    value: &Spanned<DeValue<'_>>,
    text: &str,
    owner: Option<usize>,
    headers: &mut Vec<(usize, Option<usize>)>,
) {
    match value.get_ref() {
        DeValue::Table(table) => {
            let start = value.span().start;
            if text.as_bytes().get(start) == Some(&b'[') {
                headers.push((start, owner));
            }
            table.iter().for_each(|(_, inner)| collect(inner, text, owner, headers));
        }
        DeValue::Array(items) => items.iter().for_each(|item| collect(item, text, owner, headers)),
        _ => {}
    }
}

/// Where the comment begins that stands directly above the line of `start`, else where that line begins.
fn with_comment(text: &str, start: usize) -> usize {
    let line_start =
        |end: usize| text.get(..end).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let mut from = line_start(start);
    while from > 0 {
        let above = line_start(from - 1);
        let is_comment = text.get(above..from).is_some_and(|line| line.trim_start().starts_with('#'));
        if !is_comment {
            break;
        }
        from = above;
    }
    from
}

/// The text after `from` without these parts.
fn without(text: &str, parts: &[Range<usize>], from: usize) -> String {
    let mut kept = String::new();
    let mut at = from;
    for part in parts {
        kept.push_str(text.get(at..part.start).unwrap_or_default());
        at = part.end;
    }
    kept.push_str(text.get(at..).unwrap_or_default());
    kept
}

/// Shows every key with its value, however deep.
fn walk<'a>(table: &'a DeTable<'_>, see: &mut impl FnMut(&str, &'a Spanned<DeValue<'_>>)) {
    for (key, value) in table {
        see(key.get_ref(), value);
        walk_value(value, see);
    }
}

fn walk_value<'a>(value: &'a Spanned<DeValue<'_>>, see: &mut impl FnMut(&str, &'a Spanned<DeValue<'_>>)) {
    match value.get_ref() {
        DeValue::Table(table) => walk(table, see),
        DeValue::Array(items) => items.iter().for_each(|item| walk_value(item, see)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"# Trạm
id = "a"
kind = "water_station"

# The old pump,
# bought second-hand.
[[device]]
id = "pump"   # ours
login = { username = "pump", password = "geheim" }

[[device.point]]
id = "ph"

[rules.ph-high]
on = false

# The meter.
[[device]]
id = "meter"
# password = "alt"
[device.login]
password = 'x'
[[device.point]]
id = "flow"
"#;

    #[test]
    fn a_device_is_put_in_replaced_and_taken_out_while_the_rest_stays_as_it_was_written() {
        let ids: Vec<_> = devices(FILE).into_iter().map(|(id, _)| id).collect();
        assert_eq!(ids, ["pump", "meter"]);
        let shown = devices(FILE).remove(0).1;
        assert!(shown.starts_with("# The old pump,") && shown.ends_with("id = \"ph\"\n"), "{shown}");

        let new = "[[device]]\nid = \"new\"";
        let added = with_device(FILE, "new", new).unwrap();
        assert_eq!(added, format!("{FILE}\n{new}\n"));
        assert!(differ_only_in("new", FILE, &added));
        let replaced = with_device(FILE, "pump", "[[device]]\nid = \"pump\"\n\n\n").unwrap();
        assert!(
            replaced.contains("water_station\"\n\n[[device]]\nid = \"pump\"\n\n[rules.ph-high]"),
            "{replaced}"
        );
        assert!(differ_only_in("pump", FILE, &replaced) && !differ_only_in("meter", FILE, &replaced));
        let gone = without_device(FILE, "meter").unwrap().unwrap();
        assert!(gone.ends_with("[rules.ph-high]\non = false\n"), "{gone}");
        assert_eq!(without_device(FILE, "nobody").unwrap(), None);
        let both = without_device(&gone, "pump").unwrap().unwrap();
        assert_eq!(both, "# Trạm\nid = \"a\"\nkind = \"water_station\"\n\n[rules.ph-high]\non = false\n");
    }

    #[test]
    fn a_device_between_whose_tables_another_stands_is_moved_together() {
        let file = "id = \"a\"\n[[device]]\nid = \"x\"\n[rules.r]\non = true\n[[device.point]]\nid = \"p\"\n";
        assert_eq!(
            devices(file),
            [("x".to_owned(), "[[device]]\nid = \"x\"\n[[device.point]]\nid = \"p\"\n".to_owned())]
        );
        let replaced = with_device(file, "x", "[[device]]\nid = \"x\"\n").unwrap();
        assert_eq!(replaced, "id = \"a\"\n[[device]]\nid = \"x\"\n[rules.r]\non = true\n");
        assert_eq!(without_device(file, "x").unwrap().unwrap(), "id = \"a\"\n[rules.r]\non = true\n");
        assert!(with_device("id = \"a\"\ndevice = [{ id = \"x\" }]\n", "x", "[[device]]").is_err());
        assert!(
            with_device("id = \"a\"\r\n", "x", "[[device]]\nid = \"x\"")
                .unwrap()
                .ends_with("\r\n\r\n[[device]]\r\nid = \"x\"\r\n")
        );
    }

    #[test]
    fn passwords_are_hidden_in_comments_too() {
        let shown = hidden(FILE);
        assert!(!shown.contains("geheim") && !shown.contains("alt\"") && !shown.contains("'x'"), "{shown}");
        assert_eq!(shown.matches(HIDDEN).count(), 3);
        assert_eq!(shown.lines().count(), FILE.lines().count());
        assert!(shown.contains("id = \"pump\"   # ours"));
    }

    #[test]
    fn what_may_not_be_said_is_refused_where_it_stands() {
        let told = |text: &str| {
            check_device("x", text)
                .unwrap_err()
                .into_iter()
                .map(|line| line.en)
                .collect::<Vec<_>>()
                .join("\n")
        };
        assert!(check_device("x", "[[device]]\nid = \"x\"\n[[device.point]]\nid = \"p\"\n").is_ok());
        assert!(told("[[device]]\nid = \"y\"\n").contains("allowed: \"x\""));
        assert!(told("id = \"x\"\n[[device]]\nid = \"x\"\n").contains("nothing else"));
        assert!(told("[[device]]\nid = \"x\"\n[[device]]\nid = \"z\"\n").contains("found 2 devices"));
        assert!(told("").contains("found 0 devices"));
        assert!(
            told("[[device]]\nid = \"x\"\nlogin = { password_file = \"../key\" }\n")
                .starts_with("device:3: password_file")
        );
        assert!(told("[[device]]\nid = \"x\"\n\npassword = \"***\"\n").starts_with("device:4: password"));
        assert!(told("[[device]\n").starts_with("device:1"));
    }
}
