//! Times and dates as they are spoken in Vietnamese, and as they are written in English.
//!
//! Knows no time zone: whoever calls has the commune's clock. Read next: [`super::number`].

use super::number::whole_vi;

const WEEKDAYS_VI: [&str; 7] = ["thứ hai", "thứ ba", "thứ tư", "thứ năm", "thứ sáu", "thứ bảy", "chủ nhật"];
const WEEKDAYS_EN: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A moment as a clock on the wall and a calendar show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spoken {
    /// The year.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 1, Monday, to 7.
    pub weekday: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
}

/// "tám giờ mười lăm phút"; a full hour has no minutes.
pub(super) fn time_vi(at: Spoken) -> String {
    let hour = whole_vi(u64::from(at.hour));
    match at.minute {
        0 => format!("{hour} giờ"),
        minute => format!("{hour} giờ {} phút", whole_vi(u64::from(minute))),
    }
}

/// "chủ nhật, ngày mùng năm tháng tư năm hai nghìn không trăm hai mươi sáu".
pub(super) fn date_vi(at: Spoken) -> String {
    let weekday = WEEKDAYS_VI[usize::from(at.weekday.clamp(1, 7) - 1)];
    // The first ten days of a month have a word before them; the fourth month has its own.
    let day = match at.day {
        1..=10 => format!("mùng {}", whole_vi(u64::from(at.day))),
        day => whole_vi(u64::from(day)),
    };
    let month = if at.month == 4 { "tư".to_owned() } else { whole_vi(u64::from(at.month)) };
    format!("{weekday}, ngày {day} tháng {month} năm {}", whole_vi(u64::from(at.year)))
}

/// "08:15".
pub(super) fn time_en(at: Spoken) -> String {
    format!("{:02}:{:02}", at.hour, at.minute)
}

/// "Sunday, 5 April 2026".
pub(super) fn date_en(at: Spoken) -> String {
    let weekday = WEEKDAYS_EN[usize::from(at.weekday.clamp(1, 7) - 1)];
    let month = MONTHS_EN[usize::from(at.month.clamp(1, 12) - 1)];
    format!("{weekday}, {} {month} {}", at.day, at.year)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(month: u8, day: u8, weekday: u8, hour: u8, minute: u8) -> Spoken {
        Spoken { year: 2026, month, day, weekday, hour, minute }
    }

    #[test]
    fn times_are_said_by_the_clock_of_24_hours() {
        for (hour, minute, said) in [
            (8, 15, "tám giờ mười lăm phút"),
            (8, 0, "tám giờ"),
            (8, 5, "tám giờ năm phút"),
            (0, 30, "không giờ ba mươi phút"),
            (14, 21, "mười bốn giờ hai mươi mốt phút"),
            (21, 44, "hai mươi mốt giờ bốn mươi tư phút"),
            (23, 59, "hai mươi ba giờ năm mươi chín phút"),
        ] {
            assert_eq!(time_vi(moment(1, 1, 1, hour, minute)), said);
        }
        assert_eq!(time_en(moment(1, 1, 1, 8, 5)), "08:05");
    }

    #[test]
    fn dates_are_said_with_their_weekday() {
        for (month, day, weekday, said) in [
            (4, 5, 7, "chủ nhật, ngày mùng năm tháng tư"),
            (1, 1, 4, "thứ năm, ngày mùng một tháng một"),
            (10, 10, 6, "thứ bảy, ngày mùng mười tháng mười"),
            (12, 24, 4, "thứ năm, ngày hai mươi tư tháng mười hai"),
            (5, 31, 1, "thứ hai, ngày ba mươi mốt tháng năm"),
            (8, 15, 3, "thứ tư, ngày mười lăm tháng tám"),
        ] {
            let all = format!("{said} năm hai nghìn không trăm hai mươi sáu");
            assert_eq!(date_vi(moment(month, day, weekday, 0, 0)), all);
        }
        assert_eq!(date_en(moment(12, 24, 4, 0, 0)), "Thursday, 24 December 2026");
    }
}
