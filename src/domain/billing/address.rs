//! Postal addresses, and their lines in the order of their country.

use serde::{Deserialize, Serialize};

use super::country::{Country, PostalCode};
use crate::domain::{
    input::{Optional, input},
    text::Line,
};

/// A street, or another line of an address.
type AddressLine = Line<200>;
/// A city or a region.
type Town = Line<100>;
type Code = Line<20>;

input! {
    /// A postal address without its country.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    pub part Address as "AddressInput", "A postal address. It is replaced as a whole.";

    #[serde(skip_serializing_if = "Option::is_none")]
    street "street": Optional<AddressLine>,
    /// What does not fit on the line of the street, such as a floor or a quarter.
    #[serde(skip_serializing_if = "Option::is_none")]
    street2 "street2": Optional<AddressLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city "city": Optional<Town>,
    /// A state or a province.
    #[serde(skip_serializing_if = "Option::is_none")]
    region "region": Optional<Town>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postal_code "postalCode": Optional<Code>,
}

impl Address {
    /// Returns the address, or none if nothing is filled in.
    pub fn unless_empty(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }

    /// Returns the lines in the order of this country.
    pub fn lines(&self, country: Option<Country>) -> Vec<String> {
        let part = |part: &Option<String>| part.clone().filter(|part| !part.trim().is_empty());
        let (city, region, code) = (part(&self.city), part(&self.region), part(&self.postal_code));
        let place = |parts: [Option<String>; 2], between: &str| {
            let parts: Vec<_> = parts.into_iter().flatten().collect();
            Some(parts.join(between)).filter(|line| !line.is_empty())
        };
        let rest = match country.map_or(PostalCode::AfterCity, Country::postal_code) {
            PostalCode::BeforeCity => [place([place([code, city], " "), region], ", "), None],
            PostalCode::AfterCity => [place([place([city, region], ", "), code], " "), None],
            PostalCode::BelowCity => [place([city, region], ", "), code],
        };
        [part(&self.street), part(&self.street2)].into_iter().chain(rest).flatten().collect()
    }

    /// Parses an address typed as lines, without losing a word: the last line is the city, with its
    /// postal code if it is recognizable. Lines between the street and the city are joined.
    pub fn of_lines(text: &str, country: Option<Country>) -> Option<Self> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let street = lines.next()?;
        let mut lines: Vec<_> = lines.collect();
        let last = lines.pop();
        let middle = lines.join(", ");
        let city = last.map(|last| Self::of_city(last, country)).unwrap_or_default();
        let address = Self {
            street: Some(street.to_owned()),
            street2: Some(middle).filter(|middle| !middle.is_empty()),
            ..city
        };
        Some(address)
    }

    /// Splits a line such as `10115 Berlin`, if the parts print as the same line.
    fn of_city(line: &str, country: Option<Country>) -> Self {
        let is_code = |word: &str| {
            (3..=10).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit())
        };
        let first = line.split_once(' ').filter(|(code, _)| is_code(code));
        let last = line.rsplit_once(' ').filter(|(_, code)| is_code(code));
        let parts = first.or(last.map(|(city, code)| (code, city)));
        let split = parts.map(|(code, city)| Self {
            city: Some(city.trim().to_owned()),
            postal_code: Some(code.to_owned()),
            ..Self::default()
        });
        let whole = Self { city: Some(line.to_owned()), ..Self::default() };
        split.filter(|split| split.lines(country) == [line]).unwrap_or(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(parts: [&str; 5]) -> Address {
        let [street, street2, city, region, code] =
            parts.map(|part| Some(part.to_owned()).filter(|part| !part.is_empty()));
        Address { street, street2, city, region, postal_code: code }
    }

    #[test]
    fn lines_follow_the_order_of_the_country() {
        for (code, parts, lines) in [
            (
                "DE",
                ["Hauptstraße 7", "", "Berlin", "", "10115"],
                &["Hauptstraße 7", "10115 Berlin"][..],
            ),
            (
                "NG",
                ["14 Admiralty Way", "Lekki Phase 1", "Lagos", "", "106104"],
                &["14 Admiralty Way", "Lekki Phase 1", "Lagos 106104"],
            ),
            ("LK", ["ගාලු පාර 21", "", "කොළඹ", "", "00300"], &["ගාලු පාර 21", "කොළඹ 00300"]),
            ("US", ["1 Main St", "", "Austin", "TX", "78701"], &["1 Main St", "Austin, TX 78701"]),
            ("GB", ["1 High St", "", "Leeds", "", "LS1 4DY"], &["1 High St", "Leeds", "LS1 4DY"]),
            (
                "IT",
                ["Via Roma 1", "", "Milano", "MI", "20121"],
                &["Via Roma 1", "20121 Milano, MI"],
            ),
            ("SN", ["", "", "Dakar", "", ""], &["Dakar"]),
        ] {
            let country = Country::from_code(code);
            assert_eq!(address(parts).lines(country), lines, "{code}");
        }
        assert_eq!(Address::default().lines(None), Vec::<String>::new());
        assert_eq!(address(["", "", "", "", "7"]).lines(None), ["7"]);
    }

    #[test]
    fn typed_lines_become_parts_that_print_the_same() {
        for (code, text, parts) in [
            ("DE", "Hauptstraße 7\n10115 Berlin", ["Hauptstraße 7", "", "Berlin", "", "10115"]),
            // Where the postal code comes last, a leading number is not one.
            (
                "NG",
                "14 Admiralty Way\n10115 Berlin",
                ["14 Admiralty Way", "", "10115 Berlin", "", ""],
            ),
            (
                "NG",
                "1 Broad Street\r\nLagos 101241\n",
                ["1 Broad Street", "", "Lagos", "", "101241"],
            ),
            ("NG", "1 Broad Street", ["1 Broad Street", "", "", "", ""]),
            ("LK", "21\nගාලු පාර\nකොළඹ", ["21", "ගාලු පාර", "කොළඹ", "", ""]),
            ("GB", "A\nB\nC\nLeeds", ["A", "B, C", "Leeds", "", ""]),
        ] {
            let read = Address::of_lines(text, Country::from_code(code)).unwrap();
            assert_eq!(read, address(parts), "{text}");
        }
        assert_eq!(Address::of_lines(" \n", None), None);
    }
}
