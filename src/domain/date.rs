//! Calendar dates, instants, and the account's timezone.

use std::fmt;

use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{self, Date, DateTime},
    tz::TimeZone,
};
use serde_json::Value;

use super::{
    error::{Error, Result},
    input::{Scalar, Shape, kinds},
    rule::Rule,
    text,
    word::words,
};

/// The timezone of a new account.
pub const DEFAULT_TIMEZONE: &str = "Africa/Lagos";

/// An IANA timezone known to this program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(String);

impl Zone {
    /// Returns the timezone with this name, in its canonical spelling.
    pub fn from_name(name: &str) -> Option<Self> {
        // The database's name for "not set yet" is not a place.
        let zone = TimeZone::get(name).ok().filter(|_| name != "Factory")?;
        zone.iana_name().map(|name| Self(name.to_owned()))
    }

    pub fn name(&self) -> &str {
        &self.0
    }

    /// Returns the names of all inhabited timezones, by region and place.
    pub fn names() -> Vec<String> {
        const REGIONS: [&str; 10] = [
            "Africa",
            "America",
            "Antarctica",
            "Arctic",
            "Asia",
            "Atlantic",
            "Australia",
            "Europe",
            "Indian",
            "Pacific",
        ];
        // Other names are old or technical names of the same places.
        let is_place = |name: &String| {
            name.split_once('/').is_some_and(|(region, _)| REGIONS.contains(&region))
        };
        let known = jiff::tz::db().available().map(|name| name.to_string());
        let mut names: Vec<String> = known.filter(is_place).collect();
        names.push("UTC".to_owned());
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Returns the rules of the timezone.
    pub fn rules(&self) -> Result<TimeZone> {
        TimeZone::get(&self.0).map_err(Error::internal)
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self(DEFAULT_TIMEZONE.to_owned())
    }
}

words! {
    /// The date format of an account.
    #[derive(Default)]
    DateFormat {
        /// 5 Mar 2026
        #[default]
        DayMonthYear "day-month-year",
        /// Mar 5, 2026
        MonthDayYear "month-day-year",
        /// 05/03/2026
        DayFirst "dd/mm/yyyy",
        /// 03/05/2026
        MonthFirst "mm/dd/yyyy",
        /// 05.03.2026
        Dotted "dd.mm.yyyy",
        /// 2026-03-05
        Iso "yyyy-mm-dd",
    }
}

impl DateFormat {
    /// Formats a date.
    pub fn show(self, day: Date) -> String {
        let pattern = match self {
            Self::DayMonthYear => "%-d %b %Y",
            Self::MonthDayYear => "%b %-d, %Y",
            Self::DayFirst => "%d/%m/%Y",
            Self::MonthFirst => "%m/%d/%Y",
            Self::Dotted => "%d.%m.%Y",
            Self::Iso => "%Y-%m-%d",
        };
        day.strftime(pattern).to_string()
    }

    /// Formats a date of this year in words: `Sunday, 29 November`.
    pub fn show_in_words(self, day: Date) -> String {
        let pattern = match self {
            Self::MonthDayYear | Self::MonthFirst => "%A, %B %-d",
            Self::DayMonthYear | Self::DayFirst | Self::Dotted | Self::Iso => "%A, %-d %B",
        };
        day.strftime(pattern).to_string()
    }

    /// Formats a date without its year.
    pub fn show_in_year(self, day: Date) -> String {
        let pattern = match self {
            Self::DayMonthYear => "%-d %b",
            Self::MonthDayYear => "%b %-d",
            Self::DayFirst => "%d/%m",
            Self::MonthFirst => "%m/%d",
            Self::Dotted => "%d.%m.",
            Self::Iso => "%m-%d",
        };
        day.strftime(pattern).to_string()
    }
}

/// Returns the calendar day of an instant in a timezone.
pub fn day_in(now: Timestamp, zone: &TimeZone) -> Date {
    now.to_zoned(zone.clone()).date()
}

/// Returns the instant at which a calendar day begins in a timezone.
pub fn day_start(day: Date, zone: &TimeZone) -> Result<Timestamp> {
    day.to_zoned(zone.clone()).map(|start| start.timestamp()).map_err(Error::internal)
}

/// Returns the first day of the month `months` after that of `day` (negative: before).
pub fn month_start(day: Date, months: i32) -> Result<Date> {
    day.first_of_month().checked_add(months.months()).map_err(Error::internal)
}

/// Returns the Monday of the ISO week `weeks` after that of `day` (negative: before).
pub fn week_start(day: Date, weeks: i32) -> Result<Date> {
    let since_monday = i32::from(day.weekday().to_monday_zero_offset());
    day.checked_add((weeks * 7 - since_monday).days()).map_err(Error::internal)
}

/// Returns the whole days from one calendar day to another; negative if `to` is earlier.
pub fn days_until(from: Date, to: Date) -> i64 {
    from.duration_until(to).as_hours() / 24
}

impl Scalar for Zone {
    type Value = Self;
    const SHAPE: Shape = Shape::Timezone;

    fn parse(value: &Value) -> Result<Self, Rule> {
        Self::from_name(text::raw(value)?).ok_or(Rule::Timezone)
    }
}

kinds! {
    /// A calendar date; a time and offset after it are ignored.
    Day = Date, Shape::Day, |value| parse(text::raw(value)?);
    /// A calendar date in the past: `1990-01-15`.
    PlainDay = Date, Shape::PlainDay, |value| {
        let text = text::raw(value)?;
        let day: Date = text.parse().map_err(|_| Rule::PastDate)?;
        if text.len() == 10 && day.year() >= 1900 { Ok(day) } else { Err(Rule::PastDate) }
    };
}

/// Parses `2026-04-15` or `2026-04-15T00:00:00Z`; years 2000 to 2100.
pub fn parse(text: &str) -> Result<Date, Rule> {
    let day = text.get(..10).ok_or(Rule::Date)?;
    let day: Date = day.parse().map_err(|_| Rule::Date)?;
    let rest_is_time = text.len() == 10
        || (matches!(text.as_bytes()[10], b'T' | b't' | b' ')
            && (text.parse::<Timestamp>().is_ok() || text.parse::<DateTime>().is_ok()));
    if rest_is_time && (2000..=2100).contains(&day.year()) { Ok(day) } else { Err(Rule::Date) }
}

/// A date or instant in JSON, as 20 bytes of text: `2026-04-15T09:30:00Z`. Formatted by hand, since
/// a general formatter would take most of the time of a list.
#[derive(Debug, Clone, Copy)]
pub struct JsonTime([u8; 20]);

impl JsonTime {
    /// A calendar date: `2026-04-15T00:00:00Z`.
    pub fn of_day(day: Date) -> Self {
        Self::new(day.to_datetime(civil::Time::midnight()))
    }

    /// The last second of a calendar date: `2026-04-15T23:59:59Z`.
    pub fn of_day_end(day: Date) -> Self {
        Self::new(day.at(23, 59, 59, 0))
    }

    /// An instant, to the second.
    pub fn of_instant(at: Timestamp) -> Self {
        Self::new(TimeZone::UTC.to_datetime(at))
    }

    fn new(at: DateTime) -> Self {
        let mut text = *b"0000-00-00T00:00:00Z";
        let mut write = |place: usize, number: i8| {
            let number = number.unsigned_abs() % 100;
            text[place] = b'0' + number / 10;
            text[place + 1] = b'0' + number % 10;
        };
        let year = at.year().clamp(0, 9999);
        // Both halves of a four-digit year are below 100.
        write(0, (year / 100) as i8);
        write(2, (year % 100) as i8);
        write(5, at.month());
        write(8, at.day());
        write(11, at.hour());
        write(14, at.minute());
        write(17, at.second());
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        // Digits and punctuation are ASCII.
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for JsonTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Parses a duration setting: `30m`, `7d`, `12h`, `45s`, or bare seconds.
pub fn parse_duration(text: &str) -> Option<SignedDuration> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let seconds = match unit {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    let number: i64 = number.parse().ok()?;
    let seconds = number.checked_mul(seconds)?;
    (1..=10 * 366 * 86_400).contains(&seconds).then(|| SignedDuration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_parsed_with_any_time_and_offset_after_it() {
        for text in [
            "2026-04-15",
            "2026-04-15T00:00:00Z",
            "2026-04-15T23:59:59+05:30",
            "2026-04-15T00:30:00.000-11:00",
        ] {
            assert_eq!(parse(text).unwrap().to_string(), "2026-04-15", "{text}");
        }
        for text in [
            "",
            "2026",
            "2026-02-30",
            "1999-12-31",
            "2101-01-01",
            "2026-04-15Tnoon",
            "2026-04-15x",
            "tomorrow at ten",
        ] {
            assert_eq!(parse(text), Err(Rule::Date), "{text}");
        }
    }

    #[test]
    fn each_format_has_its_own_order_and_separators() {
        let day = parse("2026-03-05").unwrap();
        let shown: Vec<String> = (DateFormat::WORDS.iter())
            .map(|word| DateFormat::from_word(word).unwrap().show(day))
            .collect();
        let expected =
            ["5 Mar 2026", "Mar 5, 2026", "05/03/2026", "03/05/2026", "05.03.2026", "2026-03-05"];
        assert_eq!(shown, expected);
    }

    #[test]
    fn json_instants_have_seconds() {
        let at: Timestamp = "2026-04-05T09:03:07.987Z".parse().unwrap();
        assert_eq!(JsonTime::of_instant(at).as_str(), "2026-04-05T09:03:07Z");
        let day: Date = "2026-12-31".parse().unwrap();
        assert_eq!(JsonTime::of_day(day).as_str(), "2026-12-31T00:00:00Z");
    }

    #[test]
    fn weeks_begin_on_monday() {
        let sunday: Date = "2026-03-01".parse().unwrap();
        assert_eq!(week_start(sunday, 0).unwrap().to_string(), "2026-02-23");
        assert_eq!(week_start(sunday, -1).unwrap().to_string(), "2026-02-16");
    }

    #[test]
    fn durations_have_units() {
        assert_eq!(parse_duration("30m"), Some(SignedDuration::from_mins(30)));
        assert_eq!(parse_duration("600"), Some(SignedDuration::from_secs(600)));
        for text in ["", "m", "0s", "-5m", "7 days", "99999d"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
