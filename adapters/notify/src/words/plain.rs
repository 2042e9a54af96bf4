//! A message as plain text: its subject, the whole, and short enough for an SMS.

use super::{Words, moment};
use crate::letter::{Addressee, Letter, Told};

/// One line that says what it is about.
pub fn subject(letter: &Letter, to: &Addressee) -> String {
    let (words, language) = (to.language.words(), to.language);
    let commune = language.of(&letter.commune);
    let Some(first) = letter.told.first().filter(|_| !letter.is_test) else {
        return format!("{}: {commune}", words.test_subject);
    };
    let count = letter.told.len() as u64 + letter.more;
    match count {
        1 => format!(
            "[{}] {}: {} - {}",
            words.priority(first.alarm.priority),
            words.kind(first.kind),
            language.of(&first.alarm.title),
            language.of(&first.site)
        ),
        count => format!("[{}] {} - {commune}", words.priority(first.alarm.priority), (words.many)(count)),
    }
}

/// The whole message.
pub fn plain(letter: &Letter, to: &Addressee) -> String {
    let words = to.language.words();
    let mut text = String::new();
    if !to.name.is_empty() {
        text.push_str(&format!("{}\n\n", (words.greeting)(&to.name)));
    }
    if letter.is_test {
        text.push_str(&format!("{}\n\n", words.test_text));
    }
    let is_numbered = letter.told.len() > 1;
    for (number, told) in (1..).zip(&letter.told) {
        let mark = if is_numbered { format!("{number}. ") } else { String::new() };
        text.push_str(&format!("{mark}{}\n", lines(letter, to, told, words).join("\n   ")));
        text.push('\n');
    }
    if letter.more > 0 {
        text.push_str(&format!("... {}\n\n", (words.more)(letter.more)));
    }
    if let Some(url) = letter.hub_url.as_ref().filter(|_| letter.told.len() > 1) {
        text.push_str(&format!("{}: {url}/alarms\n\n", words.all));
    }
    let time = moment(letter.made_at, &letter.zone);
    text.push_str(&format!("-- \n{}\n", (words.sent_by)(to.language.of(&letter.commune), &time)));
    text
}

/// What is said of one alarm, line by line.
fn lines(letter: &Letter, to: &Addressee, told: &Told, words: &Words) -> Vec<String> {
    let (alarm, language) = (&told.alarm, to.language);
    let mut lines = vec![format!(
        "[{}] {}: {}",
        words.priority(alarm.priority),
        words.kind(told.kind),
        language.of(&alarm.title)
    )];
    lines.extend(super::details(letter, language, told, words).into_iter().map(
        |(label, text)| match label {
            Some(label) => format!("{label}: {text}"),
            None => text,
        },
    ));
    lines.extend(told.page(letter).map(|url| format!("{}: {url}", words.look)));
    lines.extend(told.acknowledge.as_ref().map(|url| format!("{}: {url}", words.acknowledge)));
    lines
}

/// At most `most` characters, for an SMS: the most urgent alarm, how many there are, and where to look.
pub fn short(letter: &Letter, to: &Addressee, most: usize) -> String {
    let (words, language) = (to.language.words(), to.language);
    let link = letter.hub_url.as_ref().map_or_else(String::new, |url| match letter.told.as_slice() {
        [only] if letter.more == 0 => only.page(letter).map_or_else(String::new, |page| format!(" {page}")),
        _ => format!(" {url}/alarms"),
    });
    let Some(first) = letter.told.first().filter(|_| !letter.is_test) else {
        return cut(&format!("{}: {}", subject(letter, to), words.test_text), most);
    };
    let count = letter.told.len() as u64 + letter.more;
    let others = if count > 1 { format!(" ({})", (words.many)(count)) } else { String::new() };
    let text = format!(
        "{}, {}: {}{others}",
        words.priority(first.alarm.priority),
        language.of(&first.site),
        match first.kind {
            hub_model::NoticeKind::Returned =>
                format!("{} - {}", language.of(&first.alarm.title), words.returned),
            _ => language.of(&first.alarm.message).to_owned(),
        }
    );
    // The link counts more than the end of a sentence, as long as it leaves room for one.
    let room = most.saturating_sub(link.chars().count());
    if room < 40 { cut(&text, most) } else { format!("{}{link}", cut(&text, room)) }
}

pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(3)).collect();
    format!("{}...", kept.trim_end())
}

/// The text without accents: an SMS holds 160 such letters instead of 70.
pub fn without_accents(text: &str) -> String {
    text.chars().map(plain_letter).collect()
}

fn plain_letter(letter: char) -> char {
    const LETTERS: [(&str, char); 14] = [
        ("àáảãạăằắẳẵặâầấẩẫậ", 'a'),
        ("èéẻẽẹêềếểễệ", 'e'),
        ("ìíỉĩị", 'i'),
        ("òóỏõọôồốổỗộơờớởỡợ", 'o'),
        ("ùúủũụưừứửữự", 'u'),
        ("ỳýỷỹỵ", 'y'),
        ("đ", 'd'),
        ("ÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬ", 'A'),
        ("ÈÉẺẼẸÊỀẾỂỄỆ", 'E'),
        ("ÌÍỈĨỊ", 'I'),
        ("ÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢ", 'O'),
        ("ÙÚỦŨỤƯỪỨỬỮỰ", 'U'),
        ("ỲÝỶỸỴ", 'Y'),
        ("Đ", 'D'),
    ];
    match letter {
        '–' | '—' | '·' => '-',
        '²' => '2',
        '³' => '3',
        // H₂S, NH₃, PM₁₀.
        '₀'..='₉' => char::from_digit(u32::from(letter) - u32::from('₀'), 10).unwrap_or('?'),
        'µ' | 'μ' => 'u',
        // As "oC" is written where there is no such sign.
        '°' => 'o',
        '≤' => '<',
        '≥' => '>',
        '“' | '”' => '"',
        '‘' | '’' => '\'',
        '\u{a0}' => ' ',
        letter if letter.is_ascii() => letter,
        letter => LETTERS.iter().find(|(all, _)| all.contains(letter)).map_or('?', |(_, plain)| *plain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_rules_own_words_is_lost_without_accents() {
        assert_eq!(
            without_accents("H₂S cao: trung bình 50,1 µg/m³, giới hạn ≤ 42; nhiệt độ 60,0\u{a0}°C – “Bơm 1”"),
            "H2S cao: trung binh 50,1 ug/m3, gioi han < 42; nhiet do 60,0 oC - \"Bom 1\""
        );
    }
}
