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
    -- A deleted client leaves every list but stays for the invoices that refer to it.
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
    -- Both parties as JSON, as they were when the invoice was sent.
    seller TEXT,
    buyer TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT invoices_number UNIQUE (account_id, number)
);
CREATE INDEX invoices_listed ON invoices (account_id, id) WHERE status <> 'cancelled';
-- With due_date at the end, overdue invoices are skipped without reading their rows.
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

-- The ledger: rows are added, never changed. base_* are the account's currency on that day, the
-- rate into it and the converted amount, all empty if no rate was known.
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

-- The latest known rates: into_currency per unit of from_currency.
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

-- First answers to requests with an Idempotency-Key.
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

-- Rollups: sums updated by the same write as the rows they add up, so that lists and the dashboard
-- cost the same with a hundred rows and with a million.

-- The number of entries in a list. list: "clients", "projects:status:active", …
CREATE TABLE list_totals (
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    list TEXT NOT NULL,
    entries BIGINT NOT NULL,
    PRIMARY KEY (account_id, list)
);

-- Events over time. measure: "earned" (payments) or "active" (projects starting and ending). span:
-- "quarter" (of an hour, UTC), "week" and "month" (UTC), or "all". Any local month or week is a sum
-- of UTC ones and of the quarter-hours at its edges.
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

-- Sums of sent and unpaid invoices by day ("2026-03-18") and month ("2026-03") of their due date.
-- span is "day" or "month".
CREATE TABLE open_totals (
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    span TEXT NOT NULL,
    due TEXT NOT NULL,
    currency TEXT NOT NULL,
    entries BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (account_id, span, due, currency)
);

-- Sums of payments by client.
CREATE TABLE client_totals (
    client_id BYTEA NOT NULL REFERENCES clients (id),
    currency TEXT NOT NULL,
    base_currency TEXT NOT NULL,
    amount BIGINT NOT NULL,
    base_amount BIGINT NOT NULL,
    PRIMARY KEY (client_id, currency, base_currency)
);

-- version 2

ALTER TABLE accounts ADD COLUMN role TEXT NOT NULL DEFAULT 'freelancer';
-- Empty until the account's email is verified.
ALTER TABLE accounts ADD COLUMN activated_at BIGINT;
ALTER TABLE accounts ADD COLUMN email_verified_at BIGINT;
ALTER TABLE accounts ADD COLUMN username TEXT;
ALTER TABLE accounts ADD COLUMN username_key TEXT;
ALTER TABLE accounts ADD COLUMN phone TEXT;
ALTER TABLE accounts ADD COLUMN country TEXT;
ALTER TABLE accounts ADD COLUMN city TEXT;
ALTER TABLE accounts ADD COLUMN longitude TEXT;
ALTER TABLE accounts ADD COLUMN latitude TEXT;
ALTER TABLE accounts ADD COLUMN date_of_birth TEXT;
UPDATE accounts SET activated_at = created_at;
CREATE UNIQUE INDEX accounts_username_key ON accounts (username_key);
CREATE INDEX accounts_pending ON accounts (created_at) WHERE activated_at IS NULL;

-- Keyed hash of the refresh token.
ALTER TABLE sessions ADD COLUMN refresh_hash BYTEA;
ALTER TABLE sessions ADD COLUMN user_agent TEXT;
ALTER TABLE sessions ADD COLUMN last_used_at BIGINT;
UPDATE sessions SET last_used_at = created_at;

-- One-time codes and link tokens sent by email, as keyed hashes; only the newest of each purpose.
CREATE TABLE email_codes (
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    purpose TEXT NOT NULL,
    code_hash BYTEA NOT NULL,
    wrong_tries BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, purpose)
);
CREATE INDEX email_codes_by_expiry ON email_codes (expires_at);

-- seed is sealed; last_step is the newest time step whose code was used.
CREATE TABLE two_factor (
    account_id BYTEA NOT NULL PRIMARY KEY REFERENCES accounts (id),
    seed BYTEA NOT NULL,
    enabled_at BIGINT,
    last_step BIGINT NOT NULL
);

CREATE TABLE backup_codes (
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    code_hash BYTEA NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (account_id, code_hash)
);

CREATE TABLE passkeys (
    id BYTEA NOT NULL PRIMARY KEY,
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    credential_id BYTEA NOT NULL CONSTRAINT passkeys_credential_id UNIQUE,
    -- The public key and the signature counter, as JSON.
    credential TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX passkeys_by_account ON passkeys (account_id, id);

-- Challenges that wait for an authenticator's answer. Decoys have no account.
CREATE TABLE passkey_challenges (
    challenge_hash BYTEA NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    account_id BYTEA REFERENCES accounts (id),
    state TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX passkey_challenges_by_expiry ON passkey_challenges (expires_at);
CREATE INDEX passkey_challenges_by_account ON passkey_challenges (account_id, purpose, expires_at);

-- skills: a JSON array of text.
CREATE TABLE profiles (
    account_id BYTEA NOT NULL PRIMARY KEY REFERENCES accounts (id),
    bio TEXT,
    title TEXT,
    rate_amount BIGINT,
    rate_currency TEXT,
    skills TEXT NOT NULL,
    availability TEXT,
    experience TEXT,
    updated_at BIGINT NOT NULL
);

-- technologies, images, links: JSON arrays.
CREATE TABLE portfolio_items (
    id BYTEA NOT NULL PRIMARY KEY,
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    technologies TEXT NOT NULL,
    images TEXT NOT NULL,
    links TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX portfolio_items_listed ON portfolio_items (account_id, id);

-- Visitors of a public profile per day, as keyed hashes that are soon deleted.
CREATE TABLE profile_visitors (
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    day TEXT NOT NULL,
    visitor BYTEA NOT NULL,
    PRIMARY KEY (account_id, day, visitor)
);
CREATE INDEX profile_visitors_by_day ON profile_visitors (day);

CREATE TABLE profile_views (
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    day TEXT NOT NULL,
    views BIGINT NOT NULL,
    PRIMARY KEY (account_id, day)
);

-- Messages from visitors of the public profile.
CREATE TABLE messages (
    id BYTEA NOT NULL PRIMARY KEY,
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    content TEXT NOT NULL,
    read_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX messages_listed ON messages (account_id, id);

-- The client's link: a keyed hash for lookups, and the sealed link for display.
ALTER TABLE proposals ADD COLUMN link_hash BYTEA;
ALTER TABLE proposals ADD COLUMN link BYTEA;
-- The name and address of the person who answered through the link.
ALTER TABLE proposals ADD COLUMN answered_by TEXT;
ALTER TABLE proposals ADD COLUMN answered_from TEXT;
CREATE UNIQUE INDEX proposals_link_hash ON proposals (link_hash);

-- Outgoing mail. sealed contains the whole email and is erased once it is delivered or given up.
CREATE TABLE outbox (
    id BYTEA NOT NULL PRIMARY KEY,
    account_id BYTEA REFERENCES accounts (id),
    kind TEXT NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    sealed BYTEA,
    tries BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    last_error TEXT,
    delivered_at BIGINT,
    failed_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX outbox_due ON outbox (due_at, id)
    WHERE delivered_at IS NULL AND failed_at IS NULL;
CREATE INDEX outbox_failed ON outbox (failed_at, id) WHERE failed_at IS NOT NULL;
CREATE INDEX outbox_by_age ON outbox (created_at);
CREATE INDEX outbox_by_account ON outbox (account_id);

-- Limits with a window of an hour or more, so that a restart does not lift them.
CREATE TABLE rate_windows (
    name TEXT NOT NULL,
    subject BYTEA NOT NULL,
    resets_at BIGINT NOT NULL,
    used BIGINT NOT NULL,
    PRIMARY KEY (name, subject)
);
CREATE INDEX rate_windows_by_end ON rate_windows (resets_at);

-- The entries that FreelanceHub's feed shows, and their number per account. (IN would make SQLite
-- write each new entry half as fast.)
CREATE INDEX activity_in_feed ON activity (account_id, id)
    WHERE kind = 'proposal_sent' OR kind = 'proposal_accepted' OR kind = 'proposal_rejected'
        OR kind = 'project_created' OR kind = 'project_completed' OR kind = 'invoice_paid'
        OR kind = 'message_received';
-- Deleting a message deletes its entry too.
CREATE INDEX activity_of_message ON activity (entity_id) WHERE kind = 'message_received';
INSERT INTO list_totals (account_id, list, entries)
    SELECT account_id, 'activity:feed', count(*) FROM activity
    WHERE kind IN ('proposal_sent', 'proposal_accepted', 'proposal_rejected', 'project_created',
        'project_completed', 'invoice_paid', 'message_received')
    GROUP BY account_id;
-- Clients with a project.
INSERT INTO list_totals (account_id, list, entries)
    SELECT account_id, 'clients:with-project', count(DISTINCT client_id) FROM projects
    WHERE deleted_at IS NULL GROUP BY account_id;

-- version 3

-- The account's date format; see DateFormat.
ALTER TABLE accounts ADD COLUMN date_format TEXT NOT NULL DEFAULT 'day-month-year';
-- A deleted account cannot be used any more. Its rows are removed in small steps.
ALTER TABLE accounts ADD COLUMN deleted_at BIGINT;
CREATE INDEX accounts_deleted ON accounts (deleted_at) WHERE deleted_at IS NOT NULL;

-- Indexes for removing accounts: of deleted rows, which lists skip, and of rows that refer to a
-- project.
CREATE INDEX clients_deleted ON clients (account_id) WHERE deleted_at IS NOT NULL;
CREATE INDEX projects_deleted ON projects (account_id) WHERE deleted_at IS NOT NULL;
CREATE INDEX invoices_of_project ON invoices (project_id) WHERE project_id IS NOT NULL;

-- Uploaded pictures, re-encoded. purpose: "logo", "avatar", "portfolio".
CREATE TABLE images (
    id BYTEA NOT NULL PRIMARY KEY,
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    purpose TEXT NOT NULL,
    content_type TEXT NOT NULL,
    width BIGINT NOT NULL,
    height BIGINT NOT NULL,
    content BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX images_by_account ON images (account_id, id);

-- Defaults of new invoices, and the freelancer's details on them.
CREATE TABLE invoice_defaults (
    account_id BYTEA NOT NULL PRIMARY KEY REFERENCES accounts (id),
    business_name TEXT,
    address TEXT,
    tax_id TEXT,
    prefix TEXT NOT NULL,
    due_days BIGINT NOT NULL,
    tax_rate TEXT NOT NULL,
    notes TEXT,
    payment_instructions TEXT,
    logo BYTEA REFERENCES images (id),
    updated_at BIGINT NOT NULL
);
CREATE INDEX invoice_defaults_logo ON invoice_defaults (logo) WHERE logo IS NOT NULL;

-- A series has begun once next_number is greater than first_number. Until then both can be changed.
ALTER TABLE invoice_series ADD COLUMN prefix TEXT NOT NULL DEFAULT 'INV';
ALTER TABLE invoice_series ADD COLUMN first_number BIGINT NOT NULL DEFAULT 1;

-- The client's link: a keyed hash for lookups, and the sealed link for display.
ALTER TABLE invoices ADD COLUMN link_hash BYTEA;
ALTER TABLE invoices ADD COLUMN link BYTEA;
-- When the client first opened it, and was last sent a reminder.
ALTER TABLE invoices ADD COLUMN viewed_at BIGINT;
ALTER TABLE invoices ADD COLUMN reminded_at BIGINT;
CREATE UNIQUE INDEX invoices_link_hash ON invoices (link_hash);

-- The PDF of a sent invoice, rendered once.
CREATE TABLE invoice_files (
    invoice_id BYTEA NOT NULL PRIMARY KEY REFERENCES invoices (id),
    sha256 BYTEA NOT NULL,
    content BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

-- The search key of the number. (Numbers from older versions all begin with INV.)
ALTER TABLE invoices ADD COLUMN number_key TEXT NOT NULL DEFAULT '';
UPDATE invoices SET number_key = 'inv' || substr(number, 4);
CREATE INDEX invoices_by_project ON invoices (account_id, project_id, id)
    WHERE project_id IS NOT NULL AND status <> 'cancelled';

-- The invoice that an email is about.
ALTER TABLE outbox ADD COLUMN invoice_id BYTEA REFERENCES invoices (id);
CREATE INDEX outbox_by_invoice ON outbox (invoice_id, id) WHERE invoice_id IS NOT NULL;

-- version 4

-- 1 on the account of the server's owner, NULL on all others.
ALTER TABLE accounts ADD COLUMN owner BIGINT;
UPDATE accounts SET owner = 1 WHERE id IN
    (SELECT id FROM accounts WHERE activated_at IS NOT NULL AND deleted_at IS NULL
    ORDER BY id LIMIT 1);
CREATE UNIQUE INDEX accounts_owner ON accounts (owner);
-- Recorded once there has been an owner: from then on only a command can change the owner.
INSERT INTO program_state (name, value) SELECT 'set_up', 'yes' FROM accounts WHERE owner = 1;

-- The API that created the account. Accounts that were usable at once came from FreelanceOS.
ALTER TABLE accounts ADD COLUMN made_by TEXT NOT NULL DEFAULT 'freelanceos';
UPDATE accounts SET made_by = 'freelancehub_auth'
    WHERE activated_at IS NULL OR activated_at <> created_at;
UPDATE accounts SET made_by = 'freelancehub'
    WHERE made_by = 'freelancehub_auth' AND username IS NOT NULL;

-- Bytes that the account wrote while its address was unverified.
ALTER TABLE accounts ADD COLUMN unproven_bytes BIGINT NOT NULL DEFAULT 0;

-- Seconds without use after which a browser's session ends. NULL: it ends with its tokens.
ALTER TABLE sessions ADD COLUMN idle_life BIGINT;

-- The name of the file that an email was saved as instead of being sent.
ALTER TABLE outbox ADD COLUMN file_name TEXT;
CREATE INDEX outbox_failed_of_account ON outbox (account_id, id) WHERE failed_at IS NOT NULL;
CREATE INDEX outbox_by_kind ON outbox (account_id, kind, id) WHERE invoice_id IS NULL;

-- The invoice created from a milestone and the project created from a proposal, once each. (An
-- invoice is removed only with its account, whose milestones go first.)
ALTER TABLE milestones ADD COLUMN invoice_id BYTEA;
CREATE UNIQUE INDEX milestones_invoice ON milestones (invoice_id) WHERE invoice_id IS NOT NULL;
ALTER TABLE proposals ADD COLUMN project_id BYTEA REFERENCES projects (id);
CREATE UNIQUE INDEX proposals_project ON proposals (project_id) WHERE project_id IS NOT NULL;

-- The search keys of clients are folded again; see store/migrate.rs.

-- The number format, named by an example: "1,234.56", "1.234,56", "1 234,56", "1'234.56".
ALTER TABLE invoice_defaults ADD COLUMN number_format TEXT NOT NULL DEFAULT '1,234.56';

-- version 5

-- Work to do later: one row of a kind per subject, written in the transaction that causes it, and
-- deleted once it is done. A server that claims it moves due_at to the end of a lease. If it does
-- not finish by then, the job is due again for any server.
CREATE TABLE jobs (
    kind TEXT NOT NULL,
    -- The id of an email, an invoice …; all zeros for jobs that exist once per database.
    subject BYTEA NOT NULL,
    account_id BYTEA REFERENCES accounts (id),
    due_at BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (kind, subject)
);
CREATE INDEX jobs_due ON jobs (kind, due_at, subject);
CREATE INDEX jobs_by_account ON jobs (account_id) WHERE account_id IS NOT NULL;

-- Emails and their results; their jobs know when to try again. sealed contains an email that cannot
-- be written again, such as one with a code, until it is delivered or given up.
CREATE TABLE mails (
    id BYTEA NOT NULL PRIMARY KEY,
    account_id BYTEA REFERENCES accounts (id),
    invoice_id BYTEA REFERENCES invoices (id),
    kind TEXT NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    sealed BYTEA,
    -- The number of tries, once it is delivered or given up.
    tries BIGINT NOT NULL,
    last_error TEXT,
    file_name TEXT,
    delivered_at BIGINT,
    failed_at BIGINT,
    created_at BIGINT NOT NULL
);
INSERT INTO jobs (kind, subject, account_id, due_at, tries, last_error, created_at)
    SELECT 'mail', id, account_id, due_at, tries, last_error, created_at FROM outbox
    WHERE delivered_at IS NULL AND failed_at IS NULL;
INSERT INTO mails (id, account_id, invoice_id, kind, recipient, subject, sealed, tries, last_error,
    file_name, delivered_at, failed_at, created_at)
    SELECT id, account_id, invoice_id, kind, recipient, subject, sealed, tries, last_error,
    file_name, delivered_at, failed_at, created_at FROM outbox;
DROP TABLE outbox;
CREATE INDEX mails_failed ON mails (failed_at, id) WHERE failed_at IS NOT NULL;
CREATE INDEX mails_by_age ON mails (created_at);
CREATE INDEX mails_by_account ON mails (account_id);
CREATE INDEX mails_by_invoice ON mails (invoice_id, id) WHERE invoice_id IS NOT NULL;
CREATE INDEX mails_failed_of_account ON mails (account_id, id) WHERE failed_at IS NOT NULL;
CREATE INDEX mails_by_kind ON mails (account_id, kind, id) WHERE invoice_id IS NULL;

-- version 6

-- How documents look: the colour as #rrggbb, the layout ("classic", "modern"), and the paper ("a4",
-- "letter", or "country" for the usual size in the client's country).
ALTER TABLE invoice_defaults ADD COLUMN accent TEXT NOT NULL DEFAULT '#0b5c46';
ALTER TABLE invoice_defaults ADD COLUMN template TEXT NOT NULL DEFAULT 'classic';
ALTER TABLE invoice_defaults ADD COLUMN paper TEXT NOT NULL DEFAULT 'country';

-- For lists of invoices by issue date or due date, and of a period.
CREATE INDEX invoices_by_issue_date ON invoices (account_id, issue_date, id)
    WHERE status <> 'cancelled';
CREATE INDEX invoices_by_due_date ON invoices (account_id, due_date, id)
    WHERE status <> 'cancelled';

-- version 7

-- Invoices: what their lines add up to. taxes: JSON, NULL unless a line has taxes of its own; then
-- tax_rate says all. discount is the computed sum; discount_percent or discount_amount is what was
-- agreed.
ALTER TABLE invoices ADD COLUMN taxes TEXT;
ALTER TABLE invoices ADD COLUMN discount BIGINT NOT NULL DEFAULT 0;
ALTER TABLE invoices ADD COLUMN discount_percent TEXT;
ALTER TABLE invoices ADD COLUMN discount_amount TEXT;
ALTER TABLE invoices ADD COLUMN prices_include_tax BIGINT NOT NULL DEFAULT 0;
ALTER TABLE invoices ADD COLUMN withholding TEXT;
ALTER TABLE invoices ADD COLUMN withholding_rate TEXT;
ALTER TABLE invoices ADD COLUMN withheld_amount BIGINT NOT NULL DEFAULT 0;
ALTER TABLE invoices ADD COLUMN service_from TEXT;
ALTER TABLE invoices ADD COLUMN service_to TEXT;
ALTER TABLE invoices ADD COLUMN reference TEXT;
ALTER TABLE invoice_items ADD COLUMN unit TEXT;
ALTER TABLE invoice_items ADD COLUMN discount_percent TEXT;
ALTER TABLE invoice_items ADD COLUMN discount_amount TEXT;
ALTER TABLE invoice_items ADD COLUMN taxes TEXT;

-- Taxes that an account uses. is_default: lines of new invoices have it.
CREATE TABLE taxes (
    id BYTEA NOT NULL PRIMARY KEY,
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    rate TEXT NOT NULL,
    category TEXT NOT NULL,
    note TEXT,
    is_default BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX taxes_listed ON taxes (account_id, id);

-- Payments are facts: part payments, reversals and refunds. kind: "payment", "reversal" (the
-- negative of the payment it reverses) or "refund" (negative too). amount includes what the client
-- withheld as tax. paid_on is the day, if one was given; paid_at is then an instant of that day in
-- the account's timezone, and the payment counts in the timeline "earned_on" (days in UTC) instead
-- of "earned".
ALTER TABLE payments ADD COLUMN kind TEXT NOT NULL DEFAULT 'payment';
ALTER TABLE payments ADD COLUMN withheld BIGINT NOT NULL DEFAULT 0;
ALTER TABLE payments ADD COLUMN paid_on TEXT;
ALTER TABLE payments ADD COLUMN method TEXT;
ALTER TABLE payments ADD COLUMN reference TEXT;
ALTER TABLE payments ADD COLUMN note TEXT;
ALTER TABLE payments ADD COLUMN reverses BYTEA;
ALTER TABLE payments ADD COLUMN created_at BIGINT NOT NULL DEFAULT 0;
UPDATE payments SET created_at = paid_at;
CREATE UNIQUE INDEX payments_reverses ON payments (reverses);
DROP INDEX payments_by_invoice;
DROP INDEX payments_by_account;
CREATE INDEX payments_of_invoice ON payments (invoice_id, paid_at, id);
CREATE INDEX payments_listed ON payments (account_id, paid_at, id);
CREATE INDEX payments_by_client ON payments (account_id, client_id, paid_at, id);
CREATE INDEX payments_by_method ON payments (account_id, method, paid_at, id)
    WHERE method IS NOT NULL;
INSERT INTO list_totals (account_id, list, entries)
    SELECT account_id, 'payments', count(*) FROM payments GROUP BY account_id;

-- What was paid on an invoice (with what was withheld), withheld from it, and credited.
ALTER TABLE invoices ADD COLUMN amount_paid BIGINT NOT NULL DEFAULT 0;
ALTER TABLE invoices ADD COLUMN amount_withheld BIGINT NOT NULL DEFAULT 0;
ALTER TABLE invoices ADD COLUMN amount_credited BIGINT NOT NULL DEFAULT 0;
ALTER TABLE invoices ADD COLUMN paid_on TEXT;
UPDATE invoices SET amount_paid =
    (SELECT coalesce(sum(amount), 0) FROM payments WHERE invoice_id = invoices.id)
    WHERE status = 'paid';

-- Every known rate by day; exchange_rates has the newest of each pair.
CREATE TABLE exchange_rate_days (
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    from_currency TEXT NOT NULL,
    into_currency TEXT NOT NULL,
    day TEXT NOT NULL,
    rate TEXT NOT NULL,
    PRIMARY KEY (account_id, from_currency, into_currency, day)
);
INSERT INTO exchange_rate_days (account_id, from_currency, into_currency, day, rate)
    SELECT account_id, from_currency, into_currency, day, rate FROM exchange_rates;

-- Parties and numbers. Addresses are objects and cc_emails is a list, as JSON.
ALTER TABLE clients ADD COLUMN address TEXT;
ALTER TABLE clients ADD COLUMN country_code TEXT;
ALTER TABLE clients ADD COLUMN tax_id TEXT;
ALTER TABLE clients ADD COLUMN registration_number TEXT;
ALTER TABLE clients ADD COLUMN billing_currency TEXT;
ALTER TABLE clients ADD COLUMN payment_terms_days BIGINT;
ALTER TABLE clients ADD COLUMN cc_emails TEXT NOT NULL DEFAULT '[]';
ALTER TABLE clients ADD COLUMN buyer_reference TEXT;
ALTER TABLE clients ADD COLUMN notes TEXT;
ALTER TABLE clients ADD COLUMN language TEXT;
ALTER TABLE clients ADD COLUMN peppol_id TEXT;
ALTER TABLE invoice_defaults ADD COLUMN country_code TEXT;
ALTER TABLE invoice_defaults ADD COLUMN registration_number TEXT;
ALTER TABLE invoice_defaults ADD COLUMN email TEXT;
ALTER TABLE invoice_defaults ADD COLUMN phone TEXT;
ALTER TABLE invoice_defaults ADD COLUMN website TEXT;
-- Addresses typed as lines become objects, and countries get their codes; see store/migrate.rs.
ALTER TABLE invoice_defaults ADD COLUMN payment_terms_days BIGINT;
UPDATE invoice_defaults SET payment_terms_days = due_days;
ALTER TABLE invoice_defaults DROP COLUMN due_days;
ALTER TABLE invoice_defaults ADD COLUMN number_pattern TEXT NOT NULL DEFAULT 'INV-{YYYY}-{NNN}';
UPDATE invoice_defaults SET number_pattern = prefix || '-{YYYY}-{NNN}';
ALTER TABLE invoice_defaults DROP COLUMN prefix;
ALTER TABLE invoice_defaults ADD COLUMN credit_note_pattern TEXT NOT NULL
    DEFAULT 'CN-{YYYY}-{NNN}';
-- The numbers of each kind of document ("invoice", "credit_note") and period: "2026-04",
-- "2026-Q2", "2026", or empty for one that never ends.
CREATE TABLE number_series (
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    kind TEXT NOT NULL,
    period TEXT NOT NULL,
    next_number BIGINT NOT NULL,
    PRIMARY KEY (account_id, kind, period)
);
INSERT INTO number_series (account_id, kind, period, next_number)
    SELECT account_id, 'invoice', CAST(year AS TEXT), next_number FROM invoice_series;
DROP TABLE invoice_series;
-- The period that the number was drawn from; the issue date stays in it.
ALTER TABLE invoices ADD COLUMN number_period TEXT NOT NULL DEFAULT '';
UPDATE invoices SET number_period = substr(issue_date, 1, 4);
-- Further recipients, as JSON.
ALTER TABLE mails ADD COLUMN cc TEXT NOT NULL DEFAULT '[]';

-- Credit notes: what was taken off sent invoices. Never changed. seller and buyer: JSON, as on the
-- invoice. taxes: JSON, each tax of the invoice in its order. items: JSON, the credited lines, if
-- lines were credited. is_void: it left nothing of an invoice without payments.
CREATE TABLE credit_notes (
    id BYTEA NOT NULL PRIMARY KEY,
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    invoice_id BYTEA NOT NULL REFERENCES invoices (id),
    client_id BYTEA NOT NULL REFERENCES clients (id),
    number TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount BIGINT NOT NULL,
    tax BIGINT NOT NULL,
    taxes TEXT NOT NULL,
    items TEXT NOT NULL,
    reason TEXT NOT NULL,
    issue_date TEXT NOT NULL,
    seller TEXT NOT NULL,
    buyer TEXT NOT NULL,
    is_void BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (account_id, number)
);
CREATE INDEX credit_notes_listed ON credit_notes (account_id, id);
CREATE INDEX credit_notes_of_invoice ON credit_notes (invoice_id, id);
CREATE INDEX credit_notes_by_client ON credit_notes (account_id, client_id, id);
CREATE TABLE credit_note_files (
    credit_note_id BYTEA NOT NULL PRIMARY KEY REFERENCES credit_notes (id),
    sha256 BYTEA NOT NULL,
    content BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

-- version 8

-- How clients can pay, in order, as JSON.
ALTER TABLE invoice_defaults ADD COLUMN payment_methods TEXT NOT NULL DEFAULT '[]';

-- From a proposal to money. The proposal that an invoice was made from. (It stays without a
-- reference, since proposals are removed before invoices.)
ALTER TABLE invoices ADD COLUMN proposal_id BYTEA;
CREATE INDEX invoices_of_proposal ON invoices (account_id, proposal_id, id)
    WHERE proposal_id IS NOT NULL;
-- The status of a milestone before the payment of its invoice made it paid.
ALTER TABLE milestones ADD COLUMN unpaid_status TEXT;
-- What a proposal offers: its lines as JSON, NULL if it has only an amount, and what applies to all
-- of them, as on invoices.
ALTER TABLE proposals ADD COLUMN items TEXT;
ALTER TABLE proposals ADD COLUMN tax_rate TEXT NOT NULL DEFAULT '0';
ALTER TABLE proposals ADD COLUMN discount_percent TEXT;
ALTER TABLE proposals ADD COLUMN discount_amount TEXT;
ALTER TABLE proposals ADD COLUMN prices_include_tax BIGINT NOT NULL DEFAULT 0;
-- Deposits. kind is "invoice" or "deposit"; deducted_in is the invoice that takes a deposit off, and
-- the line that does so names the deposit. deduct_deposits: the invoice takes off what it can.
ALTER TABLE invoices ADD COLUMN kind TEXT NOT NULL DEFAULT 'invoice';
ALTER TABLE invoices ADD COLUMN deduct_deposits BIGINT NOT NULL DEFAULT 0;
ALTER TABLE invoices ADD COLUMN deducted_in BYTEA;
ALTER TABLE invoice_items ADD COLUMN deposit_id BYTEA;
CREATE INDEX invoices_deposits ON invoices (account_id, client_id, id) WHERE kind = 'deposit';
CREATE INDEX invoices_deducted ON invoices (deducted_in) WHERE deducted_in IS NOT NULL;
-- What a proposal asks for when it is accepted.
ALTER TABLE proposals ADD COLUMN deposit_percent TEXT;
ALTER TABLE proposals ADD COLUMN deposit_amount TEXT;

-- Payment providers of accounts. secret_key and webhook_secret are sealed. The token in the address
-- of the webhook: a keyed hash for lookups, and sealed for display.
CREATE TABLE payment_providers (
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    provider TEXT NOT NULL,
    secret_key BYTEA NOT NULL,
    webhook_secret BYTEA,
    last4 TEXT NOT NULL,
    hook_hash BYTEA NOT NULL,
    hook BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, provider)
);
CREATE UNIQUE INDEX payment_providers_hook ON payment_providers (hook_hash);
-- Clients' attempts to pay an invoice through a provider. state: "open", "expired", "paid", "held"
-- (for the owner to decide; reason says why), "dismissed". reference is ours, handle the provider's.
-- The received columns are what the provider says was paid.
CREATE TABLE checkouts (
    id BYTEA NOT NULL PRIMARY KEY,
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    invoice_id BYTEA NOT NULL REFERENCES invoices (id),
    provider TEXT NOT NULL,
    reference TEXT NOT NULL,
    handle TEXT,
    currency TEXT NOT NULL,
    amount BIGINT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    received_currency TEXT,
    received_amount BIGINT,
    fee_currency TEXT,
    fee BIGINT,
    method TEXT,
    receipt TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    returned_at BIGINT,
    settled_at BIGINT
);
CREATE UNIQUE INDEX checkouts_reference ON checkouts (reference);
CREATE INDEX checkouts_listed ON checkouts (account_id, id);
CREATE INDEX checkouts_of_invoice ON checkouts (invoice_id, id);
CREATE INDEX checkouts_held ON checkouts (account_id, id) WHERE state = 'held';
-- The checkout that a payment came from, at most one payment each, and what the provider kept.
ALTER TABLE payments ADD COLUMN checkout_id BYTEA;
ALTER TABLE payments ADD COLUMN fee_currency TEXT;
ALTER TABLE payments ADD COLUMN fee BIGINT;
CREATE UNIQUE INDEX payments_checkout ON payments (checkout_id);

-- version 9

-- It changed nothing, but databases have it.

-- version 10

-- The newest test payment with a provider's keys, and when its webhook arrived.
ALTER TABLE payment_providers ADD COLUMN test_reference TEXT;
ALTER TABLE payment_providers ADD COLUMN test_handle TEXT;
ALTER TABLE payment_providers ADD COLUMN test_reported_at BIGINT;

-- Mail that did not arrive. about is the proposal or the credit note that an email is about, as its
-- kind says. (It stays without a reference, since proposals can be deleted.)
ALTER TABLE mails ADD COLUMN about BYTEA;
CREATE INDEX mails_about ON mails (about, id) WHERE about IS NOT NULL;
DROP INDEX mails_by_account;
CREATE INDEX mails_listed ON mails (account_id, id);
CREATE INDEX mails_waiting_of_account ON mails (account_id, id)
    WHERE delivered_at IS NULL AND failed_at IS NULL;

-- Notices: entries of the activity log about what others or the program did, unless the account has
-- turned them off, and the newest one that the account has read.
ALTER TABLE activity ADD COLUMN is_notice BIGINT NOT NULL DEFAULT 0;
CREATE INDEX activity_notices ON activity (account_id, id) WHERE is_notice = 1;
ALTER TABLE accounts ADD COLUMN notices_read BYTEA;
-- How an account is told of what happened, and how it writes to clients. muted: JSON, the notices
-- that are turned off, each with its channel. signature ends emails to clients.
CREATE TABLE mail_settings (
    account_id BYTEA NOT NULL PRIMARY KEY REFERENCES accounts (id),
    muted TEXT NOT NULL,
    sender_name TEXT,
    signature TEXT,
    updated_at BIGINT NOT NULL
);

-- Reminders. How an account chases late clients: steps as JSON, each with the days from the due date
-- and since when (unix seconds) it counts. proposals: 1 or 0, NULL as enabled. The *_since columns:
-- what was due before that instant counts as passed.
CREATE TABLE reminder_settings (
    account_id BYTEA NOT NULL PRIMARY KEY REFERENCES accounts (id),
    enabled BIGINT NOT NULL,
    steps TEXT NOT NULL,
    proposals BIGINT,
    proposal_days BIGINT NOT NULL,
    proposals_since BIGINT,
    thank_you BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
-- The log of reminders: state is "sent" or "skipped" (reason says why). step_days is the step, NULL
-- if sent by hand: each step of an invoice is decided once. mail_id is the email while it waits,
-- fee_invoice_id the draft of a late fee.
CREATE TABLE reminders (
    id BYTEA NOT NULL PRIMARY KEY,
    account_id BYTEA NOT NULL REFERENCES accounts (id),
    invoice_id BYTEA NOT NULL REFERENCES invoices (id),
    step_days BIGINT,
    state TEXT NOT NULL,
    reason TEXT,
    mail_id BYTEA,
    fee_invoice_id BYTEA,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX reminders_step ON reminders (invoice_id, step_days);
CREATE INDEX reminders_listed ON reminders (account_id, id);
CREATE INDEX reminders_by_state ON reminders (account_id, state, id);
CREATE INDEX reminders_of_invoice ON reminders (invoice_id, id);
CREATE INDEX reminders_of_mail ON reminders (mail_id) WHERE mail_id IS NOT NULL;
-- Whether a client or an invoice gets none; when a proposal's client was reminded, and when the
-- receipt of an invoice was mailed.
ALTER TABLE clients ADD COLUMN reminders_off BIGINT NOT NULL DEFAULT 0;
ALTER TABLE invoices ADD COLUMN reminders_off BIGINT NOT NULL DEFAULT 0;
ALTER TABLE invoices ADD COLUMN thanked_at BIGINT;
ALTER TABLE proposals ADD COLUMN reminded_at BIGINT;
CREATE INDEX proposals_expiring ON proposals (account_id, valid_until, id)
    WHERE status = 'sent' AND valid_until IS NOT NULL;
