//! `freelanceos licenses`.

use super::{Outcome, terminal::print};

const OURS: &str = "FreelanceOS is available under the MIT License or the Apache License 2.0, at \
                    your option.\n\n";
/// The licences of the program and of everything it includes. `assets/licenses/update` writes the
/// file for crates.
const TEXTS: [&str; 5] = [
    include_str!("../../LICENSE-MIT"),
    include_str!("../../LICENSE-APACHE"),
    include_str!("../../assets/licenses/crates.txt"),
    include_str!("../../assets/licenses/other.txt"),
    include_str!("../../assets/fonts/LICENSE"),
];

pub fn run() -> Outcome {
    print(&format!("{OURS}{}\n{}", TEXTS.join("\n\n"), fonts()))
}

/// The fonts that the last licence covers, each with its copyright.
fn fonts() -> String {
    let list = include_str!("../../assets/fonts/fonts.tsv");
    let rows = list.lines().filter(|row| !row.starts_with('#'));
    let named = rows.filter_map(|row| {
        let mut cells = row.split('\t');
        Some(format!("{}: {}\n", cells.next()?, cells.nth(2)?))
    });
    format!("Fonts under the SIL Open Font License\n\n{}", named.collect::<String>())
}
