-- The schema's history. Blocks are headed "-- version N"; each is applied once, in its own
-- transaction, and never edited after a release: a change is a new block at the end.
--
-- Portable subset: TEXT, BIGINT and BYTEA columns, named constraints, partial indexes.
-- Ids are 16 bytes (UUIDv7), instants are Unix seconds, calendar days are ISO text, money is
-- whole minor units, decimals are text. A column named *_key is folded for comparison.

-- version 1

CREATE TABLE program_state (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE accounts (
    id BYTEA NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL CONSTRAINT accounts_email_key UNIQUE,
    password_hash TEXT NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    currency TEXT NOT NULL,
    timezone TEXT NOT NULL,
    avatar TEXT,
    disabled_at BIGINT,
    last_login_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE sessions (
    id BYTEA NOT NULL PRIMARY KEY,
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX sessions_by_account ON sessions (account_id, id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE clients (
    id BYTEA NOT NULL PRIMARY KEY,
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    company TEXT,
    phone TEXT,
    country TEXT,
    avatar TEXT,
    search_key TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    -- A deleted client leaves every list but stays for the invoices that name it.
    deleted_at BIGINT
);
CREATE INDEX clients_listed ON clients (account_id, id) WHERE deleted_at IS NULL;

CREATE TABLE projects (
    id BYTEA NOT NULL PRIMARY KEY,
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    client_id BYTEA NOT NULL REFERENCES clients (id),
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    status TEXT NOT NULL,
    currency TEXT NOT NULL,
    budget BIGINT NOT NULL,
    deadline TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE INDEX projects_listed ON projects (account_id, id) WHERE deleted_at IS NULL;
CREATE INDEX projects_by_status ON projects (account_id, status, id) WHERE deleted_at IS NULL;
CREATE INDEX projects_by_client ON projects (account_id, client_id, id) WHERE deleted_at IS NULL;
CREATE INDEX projects_by_client_status ON projects (account_id, client_id, status, id)
    WHERE deleted_at IS NULL;
CREATE INDEX projects_due ON projects (account_id, deadline, id)
    WHERE deleted_at IS NULL AND deadline IS NOT NULL
        AND status IN ('planning', 'active', 'on_hold');

CREATE TABLE milestones (
    id BYTEA NOT NULL PRIMARY KEY,
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    project_id BYTEA NOT NULL REFERENCES projects (id),
    name TEXT NOT NULL,
    description TEXT,
    amount BIGINT NOT NULL,
    status TEXT NOT NULL,
    due_date TEXT,
    completed_at BIGINT
);
CREATE INDEX milestones_listed ON milestones (account_id, id);
CREATE INDEX milestones_by_project ON milestones (account_id, project_id, id);
CREATE INDEX milestones_due ON milestones (account_id, due_date, id)
    WHERE status = 'pending' AND due_date IS NOT NULL;

CREATE TABLE proposals (
    id BYTEA NOT NULL PRIMARY KEY,
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    client_id BYTEA NOT NULL REFERENCES clients (id),
    title TEXT NOT NULL,
    content TEXT NOT NULL,
    status TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount BIGINT NOT NULL,
    valid_until TEXT,
    sent_at BIGINT,
    answered_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX proposals_listed ON proposals (account_id, id);
CREATE INDEX proposals_by_status ON proposals (account_id, status, id);
CREATE INDEX proposals_by_client ON proposals (account_id, client_id, id);
CREATE INDEX proposals_by_client_status ON proposals (account_id, client_id, status, id);

CREATE TABLE invoice_series (
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    year BIGINT NOT NULL,
    next_number BIGINT NOT NULL,
    PRIMARY KEY (account_id, year)
);

CREATE TABLE invoices (
    id BYTEA NOT NULL PRIMARY KEY,
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    client_id BYTEA NOT NULL REFERENCES clients (id),
    project_id BYTEA REFERENCES projects (id),
    number TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount BIGINT NOT NULL,
    subtotal BIGINT NOT NULL,
    tax_rate TEXT NOT NULL,
    tax_amount BIGINT NOT NULL,
    status TEXT NOT NULL,
    issue_date TEXT NOT NULL,
    due_date TEXT NOT NULL,
    sent_at BIGINT,
    paid_at BIGINT,
    payment_link TEXT,
    notes TEXT,
    -- Both parties as they were when the invoice was sent, as JSON.
    seller TEXT,
    buyer TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT invoices_number UNIQUE (account_id, number)
);
CREATE INDEX invoices_listed ON invoices (account_id, id) WHERE status <> 'cancelled';
-- With due_date at the end, what is overdue is passed over without a look at its row.
CREATE INDEX invoices_by_status ON invoices (account_id, status, id, due_date);
CREATE INDEX invoices_by_client ON invoices (account_id, client_id, id)
    WHERE status <> 'cancelled';
CREATE INDEX invoices_by_client_status
    ON invoices (account_id, client_id, status, id, due_date);
CREATE INDEX invoices_open ON invoices (account_id, due_date, id) WHERE status = 'sent';
CREATE INDEX invoices_open_by_client ON invoices (account_id, client_id, due_date, id)
    WHERE status = 'sent';

CREATE TABLE invoice_items (
    invoice_id BYTEA NOT NULL REFERENCES invoices (id),
    position BIGINT NOT NULL,
    id BYTEA NOT NULL,
    description TEXT NOT NULL,
    quantity TEXT NOT NULL,
    rate TEXT NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (invoice_id, position)
);

-- The ledger: rows are added, never changed. base_* are the account's currency of that day,
-- the rate into it and the converted amount, and stay empty where no rate was known.
CREATE TABLE payments (
    id BYTEA NOT NULL PRIMARY KEY,
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    invoice_id BYTEA NOT NULL REFERENCES invoices (id),
    client_id BYTEA NOT NULL REFERENCES clients (id),
    currency TEXT NOT NULL,
    amount BIGINT NOT NULL,
    base_currency TEXT,
    base_rate TEXT,
    base_amount BIGINT,
    paid_at BIGINT NOT NULL
);
CREATE INDEX payments_by_invoice ON payments (invoice_id);
CREATE INDEX payments_by_account ON payments (account_id, paid_at);

-- The latest known rates: so many units of into_currency for one of from_currency.
CREATE TABLE exchange_rates (
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    from_currency TEXT NOT NULL,
    into_currency TEXT NOT NULL,
    day TEXT NOT NULL,
    rate TEXT NOT NULL,
    PRIMARY KEY (account_id, from_currency, into_currency)
);

CREATE TABLE activity (
    id BYTEA NOT NULL PRIMARY KEY,
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    amount BIGINT,
    currency TEXT,
    client_name TEXT,
    entity_id TEXT,
    at BIGINT NOT NULL
);
CREATE INDEX activity_listed ON activity (account_id, id);

-- First answers of requests that carried an Idempotency-Key.
CREATE TABLE request_answers (
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    request_key TEXT NOT NULL,
    route TEXT NOT NULL,
    body_hash BYTEA NOT NULL,
    answer BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, request_key, route)
);
CREATE INDEX request_answers_by_age ON request_answers (created_at);

-- Rollups: sums kept by the same write as the rows they add up, so that lists and the
-- dashboard cost the same with a hundred rows and with a million.

-- How many entries a list has. list: "clients", "projects:status:active", …
CREATE TABLE list_totals (
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    list TEXT NOT NULL,
    entries BIGINT NOT NULL,
    PRIMARY KEY (account_id, list)
);

-- What happened when. measure: "earned" (payments) or "active" (projects starting and ending).
-- span: "quarter" (of an hour, UTC), "week" and "month" (UTC), or "all". Any local month or
-- week is a sum of UTC ones and of the quarter-hours at its edges.
CREATE TABLE timeline_totals (
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    measure TEXT NOT NULL,
    span TEXT NOT NULL,
    starts_at BIGINT NOT NULL,
    currency TEXT NOT NULL,
    base_currency TEXT NOT NULL,
    entries BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    base_amount BIGINT NOT NULL,
    PRIMARY KEY (account_id, measure, span, starts_at, currency, base_currency)
);

-- What sent and unpaid invoices add up to, by the day ("2026-03-18") and by the month
-- ("2026-03") they are due; span is "day" or "month".
CREATE TABLE open_totals (
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    span TEXT NOT NULL,
    due TEXT NOT NULL,
    currency TEXT NOT NULL,
    entries BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (account_id, span, due, currency)
);

-- What each client has paid.
CREATE TABLE client_totals (
    client_id BYTEA NOT NULL REFERENCES clients (id),
    currency TEXT NOT NULL,
    base_currency TEXT NOT NULL,
    amount BIGINT NOT NULL,
    base_amount BIGINT NOT NULL,
    PRIMARY KEY (client_id, currency, base_currency)
);
