//! What was asked of a database, and whether an index answers it.

use std::{collections::BTreeSet, path::Path};

use freelanceos::{
    domain::{
        error::Result,
        id::{Id, Named},
    },
    store::{
        engine::{Connection, Row, Tx, Value},
        sqlite,
    },
};

/// A connection that remembers what it was asked.
struct Recorder<'c> {
    connection: &'c mut dyn Connection,
    asked: BTreeSet<&'static str>,
}

impl Connection for Recorder<'_> {
    fn query(
        &mut self,
        sql: &'static str,
        values: &[Value],
        each: &mut dyn FnMut(&dyn Row) -> Result<()>,
    ) -> Result<()> {
        self.asked.insert(sql);
        self.connection.query(sql, values, each)
    }

    fn execute(&mut self, sql: &'static str, values: &[Value]) -> Result<u64> {
        self.asked.insert(sql);
        self.connection.execute(sql, values)
    }

    fn define(&mut self, statement: &str) -> Result<()> {
        self.connection.define(statement)
    }

    fn has_table(&mut self, name: &str) -> Result<bool> {
        self.connection.has_table(name)
    }
}

/// An id out of a number, as those who fill tables make them.
pub fn id<K: Named>(number: u128) -> Id<K> {
    Id::from_slice(&number.to_be_bytes()).unwrap()
}

/// Steps of a plan that read a whole table or sort.
fn faults(path: &Path, sql: &str) -> Vec<String> {
    let steps = sqlite::query_plan(path, sql).unwrap();
    let is_inner = |name: &str| {
        let made = |step: &String| {
            ["CO-ROUTINE ", "MATERIALIZE "].iter().any(|how| step.strip_prefix(how) == Some(name))
        };
        steps.iter().any(made)
    };
    let is_fault = |step: &&String| match step.strip_prefix("SCAN ") {
        Some(what) => what != "CONSTANT ROW" && !is_inner(what),
        None => step.contains("TEMP B-TREE"),
    };
    steps.iter().filter(is_fault).cloned().collect()
}

/// What this work asks the database.
pub fn asked_by(path: &Path, work: impl FnOnce(&mut Tx) -> Result<()>) -> BTreeSet<&'static str> {
    let asked = sqlite::with_connection(path, |connection| {
        let mut recorder = Recorder { connection, asked: BTreeSet::new() };
        work(&mut Tx::new(&mut recorder))?;
        Ok(recorder.asked)
    });
    asked.unwrap()
}

/// Fails where a statement reads a whole table or sorts, with statistics or without.
#[track_caller]
pub fn assert_indexed(path: &Path, asked: &BTreeSet<&'static str>) {
    let mut found = Vec::new();
    for analysed in [false, true] {
        if analysed {
            sqlite::with_connection(path, |connection| connection.define("ANALYZE")).unwrap();
        }
        for sql in asked {
            let faults = faults(path, sql);
            if !faults.is_empty() {
                found.push(format!("analysed: {analysed}\n{sql}\n{faults:#?}"));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n\n"));
}
