//! PostgreSQL's generic plans, for statements with unknown values.

use freelanceos::{
    domain::error::Result,
    store::{
        Database,
        engine::{Connection, Tx, Value},
        postgres::dialect,
    },
};

/// SQLite functions that the statements to fill tables use.
const WORDS: [&str; 3] = [
    "CREATE FUNCTION printf(TEXT, BIGINT) RETURNS TEXT IMMUTABLE LANGUAGE sql \
     AS $$ SELECT lpad(to_hex($2), 32, '0') $$",
    "CREATE FUNCTION unhex(TEXT) RETURNS BYTEA IMMUTABLE LANGUAGE sql \
     AS $$ SELECT decode($1, 'hex') $$",
    "CREATE FUNCTION date(TEXT, TEXT) RETURNS TEXT IMMUTABLE LANGUAGE sql \
     AS $$ SELECT to_char(CAST($1 AS DATE) + CAST($2 AS INTERVAL), 'YYYY-MM-DD') $$",
];

/// Makes the planner assume many accounts in large tables. With only two accounts, scanning
/// everything would cost the same as using the index.
const MANY_ACCOUNTS: &str = "DO $$ DECLARE name TEXT; entries BIGINT; BEGIN \
    FOR name IN SELECT table_name FROM information_schema.columns \
    WHERE table_schema = current_schema() AND column_name = 'account_id' LOOP \
    EXECUTE format('SELECT count(*) FROM %I', name) INTO entries; \
    IF entries > 100 THEN \
    EXECUTE format('ALTER TABLE %I ALTER account_id SET (n_distinct = 1000)', name); \
    EXECUTE format('ANALYZE %I', name); \
    END IF; END LOOP; END $$";

/// Leaves only plans that scale with any number of rows, where there are any. Few rows would be
/// read, sorted and joined differently.
const SETTINGS: &str = "SET LOCAL plan_cache_mode = force_generic_plan; \
    SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; \
    SET LOCAL enable_sort = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; \
    SET LOCAL enable_material = off; SET LOCAL enable_memoize = off; SET LOCAL jit = off";

/// The plan, step by step.
pub fn plan(database: &Database, sql: &str) -> Vec<String> {
    let values = (1..=99).take_while(|number| sql.contains(&format!("?{number}")));
    let values = vec!["NULL"; values.count()].join(", ");
    let values = if values.is_empty() { values } else { format!("({values})") };
    let explain = format!("EXPLAIN (COSTS OFF) EXECUTE planned{values}").leak();
    let explained = |connection: &mut dyn Connection| {
        connection.define(SETTINGS)?;
        connection.define(&format!("PREPARE planned AS {}", dialect(sql)))?;
        Tx::new(connection).list(explain, &[], |row| row.get::<String>(0))
    };
    database.peek(explained).unwrap()
}

/// Steps of the plan that read a whole table or index, or sort.
pub fn faults(database: &Database, sql: &str) -> Vec<String> {
    let steps = plan(database, sql);
    let is_fault = |(number, step): (usize, &String)| {
        let step = step.trim_start().trim_start_matches("->  ");
        let kind = step.split_once(" on ").map_or(step, |(kind, _)| kind);
        let inner = &steps[number + 1..];
        if kind == "HashAggregate" {
            // Selects the rows to delete, limited by a LIMIT.
            return !inner.iter().take(3).any(|step| step.trim_end().ends_with("->  Limit"));
        }
        let Some((_, index)) = kind.split_once(" using ") else {
            let faults = ["Seq Scan", "Sort", "Incremental Sort", "Hash"];
            return faults.iter().any(|fault| kind.starts_with(fault));
        };
        match inner.first().and_then(|next| next.split_once("Index Cond: ")) {
            // Reads only part of the index if the condition names its first column.
            Some((_, condition)) => !condition.contains(&format!("({} ", lead(database, index))),
            None => true,
        }
    };
    let found = steps.iter().enumerate().filter(|step| is_fault(*step));
    let found: Vec<String> = found.map(|(_, step)| step.clone()).collect();
    if found.is_empty() { found } else { steps }
}

/// The first column of an index.
fn lead(database: &Database, index: &str) -> String {
    let sql = "SELECT indexdef FROM pg_indexes WHERE indexname = ?1";
    let found = |connection: &mut dyn Connection| {
        Tx::new(connection).one(sql, &[Value::Text(index)], |row| row.get::<String>(0))
    };
    let definition = database.peek(found).unwrap();
    let (_, columns) = definition.split_once(" USING btree (").unwrap();
    columns.split([',', ')', ' ']).next().unwrap().to_owned()
}

/// Fills tables of either engine with statements in SQLite's dialect.
pub fn fill_with(database: &Database, fill: impl FnOnce(&mut dyn Connection) -> Result<()> + Send) {
    let fill = |connection: &mut dyn Connection| {
        if database.server().is_some() {
            WORDS.iter().try_for_each(|word| connection.define(word))?;
        }
        fill(connection)?;
        if database.server().is_some() { connection.define(MANY_ACCOUNTS) } else { Ok(()) }
    };
    database.change(fill).unwrap();
}
