//! What a table adds up to: enough to see whether two hold the same.

use std::{collections::BTreeMap, fmt};

use sha2::{Digest, Sha256};

use super::{ColumnKind, Table};
use crate::{
    domain::error::{Error, Result},
    store::engine::{Row, Value},
};

/// One value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Cell {
    pub fn read(row: &dyn Row, place: usize, kind: ColumnKind) -> Result<Self> {
        Ok(match kind {
            ColumnKind::Int => row.int(place)?.map_or(Cell::Null, Cell::Int),
            ColumnKind::Text => row.text(place)?.map_or(Cell::Null, |t| Cell::Text(t.to_owned())),
            ColumnKind::Bytes => {
                row.bytes(place)?.map_or(Cell::Null, |bytes| Cell::Bytes(bytes.to_owned()))
            }
        })
    }

    pub fn value(&self) -> Value<'_> {
        match self {
            Cell::Null => Value::Null,
            Cell::Int(number) => Value::Int(*number),
            Cell::Text(text) => Value::Text(text),
            Cell::Bytes(bytes) => Value::Bytes(bytes),
        }
    }

    /// Its bytes in memory, about.
    pub fn size(&self) -> usize {
        match self {
            Cell::Null | Cell::Int(_) => size_of::<Cell>(),
            Cell::Text(text) => size_of::<Cell>() + text.len(),
            Cell::Bytes(bytes) => size_of::<Cell>() + bytes.len(),
        }
    }
}

impl fmt::Display for Cell {
    /// As SQL writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Null => f.write_str("NULL"),
            Cell::Int(number) => number.fmt(f),
            Cell::Text(text) => write!(f, "'{}'", text.escape_debug()),
            Cell::Bytes(bytes) => {
                f.write_str("x'")?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
                f.write_str("'")
            }
        }
    }
}

/// What the rows of a table add up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sums {
    pub rows: u64,
    /// The sum of each column, 0 where it holds no numbers.
    pub columns: Vec<i128>,
    /// Where rows have an amount in a currency: the sums by currency, in minor units.
    pub money: BTreeMap<String, i128>,
    digest: [u64; 4],
}

impl Sums {
    fn new(table: &Table) -> Self {
        Self {
            rows: 0,
            columns: vec![0; table.columns.len()],
            money: BTreeMap::new(),
            digest: [0; 4],
        }
    }

    /// The SHA-256 of all rows added up, in whatever order they came: each engine has its own
    /// order of texts.
    pub fn digest(&self) -> String {
        self.digest.iter().map(|part| format!("{part:016x}")).collect()
    }
}

/// Adds up the rows of a table.
pub struct Adder {
    sums: Sums,
    /// Where amount and currency of a row are.
    money: Option<(usize, usize)>,
    row: Vec<u8>,
}

impl Adder {
    pub fn new(table: &Table) -> Self {
        let money = table.place("amount").zip(table.place("currency"));
        Self { sums: Sums::new(table), money, row: Vec::new() }
    }

    pub fn add(&mut self, cells: &[Cell]) -> Result<()> {
        self.sums.rows += 1;
        for (sum, cell) in self.sums.columns.iter_mut().zip(cells) {
            if let Cell::Int(number) = cell {
                *sum += i128::from(*number);
            }
        }
        if let Some((amount, currency)) = self.money
            && let (Cell::Int(amount), Cell::Text(currency)) = (&cells[amount], &cells[currency])
        {
            match self.sums.money.get_mut(currency) {
                Some(sum) => *sum += i128::from(*amount),
                None => {
                    self.sums.money.insert(currency.clone(), i128::from(*amount));
                }
            }
        }
        self.row.clear();
        cells.iter().for_each(|cell| encode(cell, &mut self.row));
        let hash = Sha256::digest(&self.row);
        for (sum, part) in self.sums.digest.iter_mut().zip(hash.chunks_exact(8)) {
            let part = part.try_into().map_err(Error::internal)?;
            *sum = sum.wrapping_add(u64::from_be_bytes(part));
        }
        Ok(())
    }

    pub fn sums(self) -> Sums {
        self.sums
    }
}

/// Appends a value so that no two rows look the same: its type, its length, itself.
fn encode(cell: &Cell, into: &mut Vec<u8>) {
    let mut put = |kind: u8, bytes: &[u8]| {
        into.push(kind);
        into.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
        into.extend_from_slice(bytes);
    };
    match cell {
        Cell::Null => put(0, &[]),
        Cell::Int(number) => put(1, &number.to_be_bytes()),
        Cell::Text(text) => put(2, text.as_bytes()),
        Cell::Bytes(bytes) => put(3, bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::transfer::tables;

    fn sums(rows: &[&[Cell]]) -> Sums {
        let table = tables().unwrap().iter().find(|table| table.name == "program_state").unwrap();
        let mut adder = Adder::new(table);
        rows.iter().for_each(|row| adder.add(row).unwrap());
        adder.sums()
    }

    fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    #[test]
    fn rows_add_up_to_the_same_in_any_order_and_only_then() {
        let (a, b) = ([text("a"), text("1")], [text("b"), text("2")]);
        assert_eq!(sums(&[&a, &b]), sums(&[&b, &a]));
        for other in [
            sums(&[&a]),
            sums(&[&a, &a]),
            sums(&[&[text("a"), text("2")], &[text("b"), text("1")]]),
            sums(&[&[text("a1"), text("")], &b]),
            sums(&[&[text(""), text("a1")], &b]),
        ] {
            assert_ne!(other, sums(&[&a, &b]));
        }
    }

    #[test]
    fn nothing_and_what_is_empty_differ() {
        let kinds = [Cell::Null, Cell::Int(0), text(""), Cell::Bytes(Vec::new())];
        for (place, one) in kinds.iter().enumerate() {
            for other in &kinds[place + 1..] {
                let digest = |cell: &Cell| sums(&[&[text("a"), cell.clone()]]).digest();
                assert_ne!(digest(one), digest(other), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn numbers_at_their_limits_are_summed_exactly() {
        let row = [text("a"), Cell::Int(i64::MAX)];
        assert_eq!(sums(&[&row, &row, &row]).columns[1], 3 * i128::from(i64::MAX));
    }
}
