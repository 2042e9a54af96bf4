//! Texts for the commune's loudspeakers: a rule's template with its figures spelt as they are spoken.
//!
//! Pure: knows no alarm's state and broadcasts nothing; people read the text, mend it and say it themselves. Read next:
//! `number.rs`, `unit.rs`, `time.rs`.

mod number;
mod time;
mod unit;

use hub_model::LocalText;

use number::{number_en, number_vi};
pub use time::Spoken;
use time::{date_en, date_vi, time_en, time_vi};
use unit::{unit_en, unit_vi};

/// What a template may ask for, each in braces.
pub const PLACEHOLDERS: [&str; 8] = ["commune", "site", "point", "value", "min", "max", "time", "date"];
/// Said where a figure is asked for that is not known.
const UNKNOWN: (&str, &str) = ("chưa có số liệu", "not known");

/// What is filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct Announced {
    /// The commune's name.
    pub commune: LocalText,
    /// The site's name.
    pub site: LocalText,
    /// The name of what the alarm is about.
    pub point: LocalText,
    /// The value at the raising.
    pub value: Option<f64>,
    /// The least allowed value then.
    pub min: Option<f64>,
    /// The greatest allowed value then.
    pub max: Option<f64>,
    /// The UCUM code of the three.
    pub unit: String,
    /// The decimals that are said of the value.
    pub decimals: u8,
    /// When the alarm was raised, by the commune's clock.
    pub at: Spoken,
}

/// Fills a template in. Numbers that stand in names and in the template itself are spelt, too, in Vietnamese.
pub fn announcement(template: &LocalText, of: &Announced) -> LocalText {
    let vi = |name: &str| match name {
        "commune" => of.commune.vi.clone(),
        "site" => of.site.vi.clone(),
        "point" => of.point.vi.clone(),
        "value" => with_unit(of.value, of, number_vi, unit_vi, UNKNOWN.0),
        "min" => with_unit(of.min, of, number_vi, unit_vi, UNKNOWN.0),
        "max" => with_unit(of.max, of, number_vi, unit_vi, UNKNOWN.0),
        "time" => time_vi(of.at),
        _ => date_vi(of.at),
    };
    let en = |name: &str| match name {
        "commune" => of.commune.en.clone(),
        "site" => of.site.en.clone(),
        "point" => of.point.en.clone(),
        "value" => with_unit(of.value, of, number_en, unit_en, UNKNOWN.1),
        "min" => with_unit(of.min, of, number_en, unit_en, UNKNOWN.1),
        "max" => with_unit(of.max, of, number_en, unit_en, UNKNOWN.1),
        "time" => time_en(of.at),
        _ => date_en(of.at),
    };
    LocalText { vi: number::spelt_vi(&filled(&template.vi, vi)), en: filled(&template.en, en) }
}

/// The first word in braces that no template may ask for, in either language.
pub(crate) fn unknown_placeholder(template: &LocalText) -> Option<String> {
    [&template.vi, &template.en].into_iter().find_map(|text| {
        let words = text.split('{').skip(1).map(|rest| rest.split('}').next().unwrap_or(rest));
        words.into_iter().find(|word| !PLACEHOLDERS.contains(word)).map(str::to_owned)
    })
}

/// Every known placeholder filled in; anything else in braces stays as it is.
fn filled(template: &str, of: impl Fn(&str) -> String) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        match after.split_once('}').filter(|(name, _)| PLACEHOLDERS.contains(name)) {
            Some((name, left)) => {
                text.push_str(&of(name));
                rest = left;
            }
            None => {
                text.push('{');
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text
}

fn with_unit(
    value: Option<f64>,
    of: &Announced,
    number: fn(f64, u8) -> String,
    unit: fn(&str) -> &str,
    unknown: &str,
) -> String {
    let Some(value) = value.filter(|value| value.is_finite()) else { return unknown.to_owned() };
    format!("{} {}", number(value, of.decimals), unit(&of.unit)).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chlorine() -> Announced {
        Announced {
            commune: LocalText::new("Xã Tam Hợp", "Tam Hop commune"),
            site: LocalText::new("Trạm cấp nước số 2", "Water station 2"),
            point: LocalText::new("Clo dư tự do", "Free chlorine"),
            value: Some(0.12),
            min: Some(0.2),
            max: Some(1.0),
            unit: "mg/L".into(),
            decimals: 2,
            at: Spoken { year: 2026, month: 4, day: 5, weekday: 7, hour: 8, minute: 15 },
        }
    }

    #[test]
    fn a_template_is_filled_in_as_it_is_spoken() {
        let template = LocalText::new(
            "{commune} thông báo: lúc {time} {date}, tại {site}, {point} là {value}, thấp hơn mức {min}.",
            "{commune}: at {time} on {date}, at {site}, {point} is {value}, below {min}.",
        );
        let said = announcement(&template, &chlorine());
        assert_eq!(
            said.vi,
            "Xã Tam Hợp thông báo: lúc tám giờ mười lăm phút chủ nhật, ngày mùng năm tháng tư năm hai nghìn không trăm hai \
             mươi sáu, tại Trạm cấp nước số hai, Clo dư tự do là không phẩy mười hai miligam trên lít, thấp hơn mức không \
             phẩy hai miligam trên lít."
        );
        assert_eq!(
            said.en,
            "Tam Hop commune: at 08:15 on Sunday, 5 April 2026, at Water station 2, Free chlorine is 0.12 milligrams per \
             litre, below 0.2 milligrams per litre."
        );
    }

    #[test]
    fn what_is_not_known_is_said_to_be_so_and_braces_of_others_stay() {
        let template = LocalText::new("{value} {max} {maximum} {", "{value} {max} {maximum} {");
        let nothing = Announced { value: None, max: Some(f64::NAN), ..chlorine() };
        let said = announcement(&template, &nothing);
        assert_eq!(said.vi, "chưa có số liệu chưa có số liệu {maximum} {");
        assert_eq!(said.en, "not known not known {maximum} {");
        assert_eq!(unknown_placeholder(&template).as_deref(), Some("maximum"));
        assert_eq!(unknown_placeholder(&LocalText::new("{value}", "{site} {date}")), None);
        assert_eq!(unknown_placeholder(&LocalText::new("{value", "")).as_deref(), None);
        assert_eq!(unknown_placeholder(&LocalText::new("", "{ value }")).as_deref(), Some(" value "));
    }

    #[test]
    fn a_value_without_unit_is_said_alone() {
        let ph = Announced { value: Some(5.9), unit: "[pH]".into(), ..chlorine() };
        let said = announcement(&LocalText::new("pH {value}.", "pH {value}."), &ph);
        assert_eq!((said.vi.as_str(), said.en.as_str()), ("pH năm phẩy chín.", "pH 5.9."));
    }
}
