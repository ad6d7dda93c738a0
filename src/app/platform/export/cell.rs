//! Escapes table cells so that a spreadsheet reads them as text.
//!
//! A spreadsheet reads `+2348012345678` as a number, `1-2` as a date and `=1+1` as a formula. Such
//! text gets a leading apostrophe. Text that already starts with an apostrophe gets another one, so
//! removing one apostrophe always restores the original.

use crate::domain::money::Currency;

/// Characters that start a formula. Some spreadsheets treat the full-width forms of Chinese and
/// Japanese keyboards as the plain ones.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Words that occur in numbers, dates and times.
const WORDS: [&str; 10] = ["e", "x", "t", "z", "am", "pm", "a", "p", "utc", "gmt"];

/// Month names in English, French, Spanish, Portuguese and German.
const MONTHS: &str = " jan january janv janvier ene enero janeiro januar jän jänner feb february \
    fév févr février febrero fev fevereiro februar mar march mars marzo março mär märz mrz apr \
    april avr avril abr abril may mai mayo maio jun june juin junio junho juni jul july juil \
    juillet julio julho juli aug august aoû août ago agosto sep sept september septembre set \
    septiembre setembro oct october octobre octubre out outubro okt oktober nov november novembre \
    noviembre novembro dec december déc décembre dic diciembre dez dezembro dezember ";

/// Words that are values by themselves.
const BOOLEANS: &str = " true false vrai faux verdadero falso verdadeiro falso wahr falsch ";

/// Returns text that a spreadsheet leaves unchanged.
pub fn guarded(text: &str) -> String {
    let is_changed = text.starts_with(['\'', '\t', '\r', '\n'])
        || text.trim_start().starts_with(FORMULA)
        || is_value(text.trim());
    if is_changed { format!("'{text}") } else { text.to_owned() }
}

/// Returns whether text could be a number, a date, a time or a boolean.
fn is_value(text: &str) -> bool {
    let is_known = |list: &str, word: &str| list.contains(&format!(" {} ", word.to_lowercase()));
    if is_known(BOOLEANS, text) {
        return true;
    }
    let may_stand_in_one = |word: &str| {
        WORDS.contains(&word.to_lowercase().as_str())
            || is_known(MONTHS, word)
            || Currency::from_code(word).is_some()
    };
    let is_hexadecimal = || {
        let digits = text.trim_start_matches('0').strip_prefix(['x', 'X']);
        digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    text.contains(char::is_numeric)
        && (is_hexadecimal()
            || text
                .split(|c: char| !c.is_alphabetic())
                .filter(|word| !word.is_empty())
                .all(may_stand_in_one))
}

#[cfg(test)]
mod tests {
    use super::guarded;

    #[test]
    fn text_that_a_spreadsheet_would_change_gets_an_apostrophe() {
        for text in [
            "=1+1",
            "+cmd|' /C calc'!A0",
            "-a",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "--5",
            "\n=1",
            "＝1+1",
            " =1+1",
            "+2348012345678",
            "0803 123 4567",
            "(555) 010-9999",
            "00234",
            "1e5",
            "1E+5",
            "-12.50",
            "12345678901234567890",
            "1-2",
            "1/2",
            "3 Mar",
            "MAR1",
            "2026-03-18",
            "12. März",
            "18:30",
            "7 PM",
            "0x1F",
            "5%",
            "$5",
            "USD 5",
            "1,5",
            "TRUE",
            "wahr",
            "'quoted",
            "١٢٣",
        ] {
            assert_eq!(guarded(text), format!("'{text}"));
        }
        for text in [
            "",
            "plain",
            "a=b",
            "Studio 54",
            "1 Broad Street",
            "INV-2026-001",
            "3M",
            "Q1 2026",
            "Market 5",
            "May",
            "a@example.com",
            "it's 5",
            "True North",
        ] {
            assert_eq!(guarded(text), text);
        }
    }
}
