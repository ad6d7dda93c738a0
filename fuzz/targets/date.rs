//! Dates, token lifetimes and timezones as text.

#![no_main]

use freelanceos::domain::date::{self, DateFormat, Zone};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(day) = date::parse(text) {
        assert!((2000..=2100).contains(&day.year()), "{text}");
        assert_eq!(date::parse(&day.to_string()), Ok(day), "{text}");
        assert_eq!(date::days_until(day, day), 0);
        assert!(!DateFormat::default().show(day).is_empty());
        for months in [-13, -1, 0, 1, 13] {
            let _ = date::month_start(day, months);
            let _ = date::week_start(day, months);
        }
    }
    let _ = date::parse_duration(text);
    if let Some(zone) = Zone::from_name(text) {
        assert!(Zone::from_name(zone.name()).is_some(), "{text}");
        if let Ok(rules) = zone.rules() {
            let day = date::day_in(Timestamp::UNIX_EPOCH, &rules);
            let _ = date::day_start(day, &rules);
        }
    }
});
