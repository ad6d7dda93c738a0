//! Records statements, and checks that they use an index.

use std::{collections::BTreeSet, path::Path};

use freelanceos::{
    domain::{
        error::Result,
        id::{Id, Named},
    },
    store::{
        Database,
        engine::{Connection, Row, Tx, Value},
        sqlite,
    },
};

use super::postgres_plan;

/// A connection that records its statements.
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

    fn claim(
        &mut self,
        sql: &'static str,
        values: &[Value],
        each: &mut dyn FnMut(&dyn Row) -> Result<()>,
    ) -> Result<()> {
        self.asked.insert(sql);
        self.connection.claim(sql, values, each)
    }

    fn execute(&mut self, sql: &'static str, values: &[Value]) -> Result<u64> {
        self.asked.insert(sql);
        self.connection.execute(sql, values)
    }

    fn lock_tables(&mut self) -> Result<()> {
        self.connection.lock_tables()
    }

    fn define(&mut self, statement: &str) -> Result<()> {
        self.connection.define(statement)
    }

    fn has_table(&mut self, name: &str) -> Result<bool> {
        self.connection.has_table(name)
    }
}

/// An id made from a number, like those of the filled tables.
pub fn id<K: Named>(number: u128) -> Id<K> {
    Id::from_slice(&number.to_be_bytes()).unwrap()
}

/// The statements that this work runs.
pub fn asked_by(
    database: &Database,
    work: impl FnOnce(&mut Tx) -> Result<()> + Send,
) -> BTreeSet<&'static str> {
    let record = |connection: &mut dyn Connection| {
        let mut recorder = Recorder { connection, asked: BTreeSet::new() };
        work(&mut Tx::new(&mut recorder))?;
        Ok(recorder.asked)
    };
    database.change(record).unwrap()
}

/// Fails if a statement scans a whole table or sorts, in SQLite with and without statistics.
/// PostgreSQL prefers to scan small tables.
#[track_caller]
pub fn assert_indexed(database: &Database, asked: &BTreeSet<&'static str>) {
    let mut found = Vec::new();
    for analysed in [false, true] {
        for sql in asked {
            let faults = match database {
                Database::Sqlite(file) => faults(file, sql),
                Database::Postgres(_) => postgres_plan::faults(database, sql),
            };
            if !faults.is_empty() {
                found.push(format!("analysed: {analysed}\n{sql}\n{faults:#?}"));
            }
        }
        if database.server().is_some() {
            break;
        }
        database.change(|connection| connection.define("ANALYZE")).unwrap();
    }
    assert!(found.is_empty(), "{}", found.join("\n\n"));
}

/// Steps of SQLite's plan that scan a whole table or sort; all steps if it does not search by the
/// list of ids.
fn faults(path: &Path, sql: &str) -> Vec<String> {
    let steps = sqlite::query_plan(path, sql).unwrap();
    let searches_by_id = |step: &String| step.replace("account_id=?", "").contains("id=?");
    if sql.contains("id IN rarray(") && !steps.iter().any(searches_by_id) {
        return steps;
    }
    let is_inner = |name: &str| {
        let made = |step: &String| {
            ["CO-ROUTINE ", "MATERIALIZE "].iter().any(|how| step.strip_prefix(how) == Some(name))
        };
        steps.iter().any(made)
    };
    let is_given = |what: &str| what == "CONSTANT ROW" || what.starts_with("rarray VIRTUAL TABLE");
    let is_fault = |step: &&String| match step.strip_prefix("SCAN ") {
        Some(what) => !is_given(what) && !is_inner(what),
        None => step.contains("TEMP B-TREE"),
    };
    steps.iter().filter(is_fault).cloned().collect()
}
