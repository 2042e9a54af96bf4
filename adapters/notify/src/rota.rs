//! Who is on duty: people who take turns by the week, and who stands in for whom. Pure; the zone is the commune's.

use hub_model::Timestamp;
use jiff::ToSpan;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use crate::quiet::local;

/// A duty rota.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rota {
    /// Its id, which routes name.
    pub id: String,
    /// The day on which the first week begins.
    pub first_day: Date,
    /// The time at which one hands over to the next, on that day of the week.
    pub handover: Time,
    /// Who has duty, week by week, from the beginning again after the last: ids of people.
    pub weeks: Vec<Vec<String>>,
    /// Who stands in for whom.
    pub substitutes: Vec<Substitute>,
}

/// Somebody stands in for somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Substitute {
    /// Who is away.
    pub person: String,
    /// Who stands in.
    pub by: String,
    /// From this day's hand-over.
    pub from: Date,
    /// Until this day's hand-over.
    pub to: Date,
}

impl Rota {
    /// The ids of those on duty at `moment`; before the first day nobody is.
    pub fn on_duty(&self, moment: Timestamp, zone: &TimeZone) -> Vec<&str> {
        let now = local(moment, zone);
        // Until the hand-over a day still belongs to the one before.
        let early = now.time() < self.handover;
        let day = if early { now.date().saturating_sub(1.day()) } else { now.date() };
        let Ok(passed) = self.first_day.until(day) else { return Vec::new() };
        let Some(turn) = usize::try_from(passed.get_days() / 7).ok().filter(|_| day >= self.first_day) else {
            return Vec::new();
        };
        let Some(week) = self.weeks.get(turn % self.weeks.len().max(1)) else { return Vec::new() };
        let mut people: Vec<&str> = Vec::new();
        for person in week.iter().map(|person| self.in_place_of(person, day)) {
            if !people.contains(&person) {
                people.push(person);
            }
        }
        people
    }

    /// Everybody who may have duty.
    pub fn everybody(&self) -> impl Iterator<Item = &str> {
        let weeks = self.weeks.iter().flatten().map(String::as_str);
        weeks.chain(self.substitutes.iter().map(|substitute| &*substitute.by))
    }

    /// The person, or whoever stands in; the last that is configured counts, and a substitute is not substituted.
    fn in_place_of<'a>(&'a self, person: &'a str, day: Date) -> &'a str {
        let is_away = |one: &&Substitute| one.person == person && (one.from..one.to).contains(&day);
        self.substitutes.iter().rev().find(is_away).map_or(person, |substitute| &substitute.by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rota() -> Rota {
        Rota {
            id: "truc".to_owned(),
            first_day: "2026-01-05".parse().unwrap(),
            handover: Time::constant(7, 0, 0, 0),
            weeks: vec![vec!["hoa".into()], vec!["lan".into(), "minh".into()], vec!["an".into()]],
            substitutes: vec![Substitute {
                person: "lan".into(),
                by: "minh".into(),
                from: "2026-01-14".parse().unwrap(),
                to: "2026-01-16".parse().unwrap(),
            }],
        }
    }

    #[test]
    fn duty_goes_round_by_the_week_and_changes_at_the_handover() {
        let rota = rota();
        let zone = TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
        let on_duty = |moment: &str| {
            let moment = moment.parse::<jiff::Timestamp>().unwrap().as_millisecond();
            rota.on_duty(Timestamp::from_millis(moment), &zone).join(" ")
        };
        for (moment, expected) in [
            ("2026-01-05T06:59:00+07:00", ""),
            ("2026-01-05T07:00:00+07:00", "hoa"),
            ("2026-01-12T06:59:00+07:00", "hoa"),
            ("2026-01-12T07:00:00+07:00", "lan minh"),
            ("2026-01-14T06:59:00+07:00", "lan minh"),
            // Lan is away; Minh has duty anyway, and is told once.
            ("2026-01-14T07:00:00+07:00", "minh"),
            ("2026-01-16T07:00:00+07:00", "lan minh"),
            ("2026-01-20T12:00:00+07:00", "an"),
            ("2026-01-26T07:00:00+07:00", "hoa"),
            ("2036-01-07T12:00:00+07:00", "hoa"),
        ] {
            assert_eq!(on_duty(moment), expected, "{moment}");
        }
    }
}
