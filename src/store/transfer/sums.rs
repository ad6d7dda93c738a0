//! The sums of a table, which show whether two tables hold the same rows.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::Table;
use crate::{
    domain::error::{Error, Result},
    store::engine::Value,
};

/// The sums of a table's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sums {
    pub rows: u64,
    /// The sum of each column, 0 if it holds no numbers.
    pub columns: Vec<i128>,
    /// If rows have an amount and a currency: the sums by currency, in minor units.
    pub money: BTreeMap<String, i128>,
    digest: [u64; 4],
}

impl Sums {
    pub fn new(table: &Table) -> Self {
        let columns = vec![0; table.columns.len()];
        Self { rows: 0, columns, money: BTreeMap::new(), digest: [0; 4] }
    }

    /// Adds a row of the table.
    pub fn add(&mut self, table: &Table, row: &[Value]) -> Result<()> {
        self.rows += 1;
        for (sum, value) in self.columns.iter_mut().zip(row) {
            if let Value::Int(number) = value {
                *sum += i128::from(*number);
            }
        }
        if let Some((amount, currency)) = table.money
            && let (Value::Int(amount), Value::Owned(currency)) = (&row[amount], &row[currency])
        {
            *self.money.entry(currency.clone()).or_default() += i128::from(*amount);
        }
        let mut hash = Sha256::new();
        row.iter().for_each(|value| encode(value, &mut hash));
        for (sum, part) in self.digest.iter_mut().zip(hash.finalize().chunks_exact(8)) {
            let part = part.try_into().map_err(Error::internal)?;
            *sum = sum.wrapping_add(u64::from_be_bytes(part));
        }
        Ok(())
    }

    /// Returns the sum of the SHA-256 of all rows. It is independent of their order, which differs
    /// between engines.
    pub fn digest(&self) -> String {
        self.digest.iter().map(|part| format!("{part:016x}")).collect()
    }
}

/// Hashes a value unambiguously: its type, its length, its content.
fn encode(value: &Value, hash: &mut Sha256) {
    let mut put = |kind: u8, bytes: &[u8]| {
        hash.update([kind]);
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    match value {
        Value::Null => put(0, &[]),
        Value::Int(number) => put(1, &number.to_be_bytes()),
        Value::Text(text) => put(2, text.as_bytes()),
        Value::Owned(text) => put(2, text.as_bytes()),
        Value::Bytes(bytes) => put(3, bytes),
        Value::OwnedBytes(bytes) => put(3, bytes),
        Value::Ids(ids) => put(4, ids.as_flattened()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::transfer::tables;

    fn sums(rows: &[&[Value]]) -> Sums {
        let table = tables().unwrap().iter().find(|table| table.name == "program_state").unwrap();
        let mut sums = Sums::new(table);
        rows.iter().for_each(|row| sums.add(table, row).unwrap());
        sums
    }

    #[test]
    fn the_same_rows_have_the_same_sums_in_any_order() {
        let (a, b) = ([Value::Text("a"), Value::Text("1")], [Value::Text("b"), Value::Text("2")]);
        assert_eq!(sums(&[&a, &b]), sums(&[&b, &a]));
        for other in [
            sums(&[&a]),
            sums(&[&a, &a]),
            sums(&[&[Value::Text("a"), Value::Text("2")], &[Value::Text("b"), Value::Text("1")]]),
            sums(&[&[Value::Text("a1"), Value::Text("")], &b]),
            sums(&[&[Value::Text(""), Value::Text("a1")], &b]),
        ] {
            assert_ne!(other, sums(&[&a, &b]));
        }
    }

    #[test]
    fn null_and_empty_values_differ() {
        let kinds = [Value::Null, Value::Int(0), Value::Text(""), Value::Bytes(&[])];
        for (place, one) in kinds.iter().enumerate() {
            for other in &kinds[place + 1..] {
                let digest = |value: &Value| sums(&[&[Value::Text("a"), value.clone()]]).digest();
                assert_ne!(digest(one), digest(other), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn numbers_at_their_limits_are_summed_exactly() {
        let row = [Value::Text("a"), Value::Int(i64::MAX)];
        assert_eq!(sums(&[&row, &row, &row]).columns[1], 3 * i128::from(i64::MAX));
    }
}
