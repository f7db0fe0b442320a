//! Tables of the embedded store, as numbered steps: `PRAGMA user_version` says how many were taken.
//!
//! A step that was released never changes; a new one is appended. What a fact means is not known here, so a new fact never
//! needs a step.

use sqlx::{AssertSqlSafe, SqliteConnection};

const STEPS: &[&str] = &[FOUNDATION, FORMS, STATUS, ATTESTATION];

/// `key_number` counts the report keys that a node has had: sequences belong to a key.
const FOUNDATION: &str = "
CREATE TABLE node (
    node TEXT NOT NULL PRIMARY KEY,
    report_key TEXT NOT NULL,
    key_number BIGINT NOT NULL,
    enrolled_at BIGINT NOT NULL,
    denied_at BIGINT,
    is_forgotten BOOLEAN NOT NULL
);
CREATE TABLE token (
    secret_hash BLOB NOT NULL PRIMARY KEY,
    node TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_by TEXT
);
CREATE INDEX token_node ON token (node);
CREATE TABLE statement (
    node TEXT NOT NULL,
    key_number BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    kind TEXT NOT NULL,
    payload_digest BLOB NOT NULL,
    holds BLOB NOT NULL,
    taken_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    envelope BLOB NOT NULL,
    PRIMARY KEY (node, key_number, sequence)
);
CREATE INDEX statement_report ON statement (node, key_number, payload_digest) WHERE kind = 'report';
CREATE TABLE latest (
    node TEXT NOT NULL PRIMARY KEY,
    key_number BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    report_sequence BIGINT NOT NULL,
    report_digest BLOB NOT NULL,
    heartbeat_sequence BIGINT,
    heard_at BIGINT NOT NULL,
    statements BIGINT NOT NULL,
    FOREIGN KEY (node, key_number, report_sequence) REFERENCES statement (node, key_number, sequence),
    FOREIGN KEY (node, key_number, heartbeat_sequence) REFERENCES statement (node, key_number, sequence)
);
CREATE TABLE credential (
    id TEXT NOT NULL PRIMARY KEY,
    class TEXT NOT NULL,
    subject TEXT NOT NULL,
    content BLOB NOT NULL,
    origin TEXT NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_until BIGINT NOT NULL,
    jwt TEXT NOT NULL,
    is_current BOOLEAN NOT NULL
);
CREATE UNIQUE INDEX credential_current ON credential (class, subject) WHERE is_current;
CREATE TABLE document (
    name TEXT NOT NULL PRIMARY KEY,
    bytes BLOB NOT NULL
);
";

/// Forms of a credential beside its JWS: a JSON object, target to text.
const FORMS: &str = "ALTER TABLE credential ADD COLUMN forms TEXT NOT NULL DEFAULT '{}';";

/// Places in status lists, which are never given twice, what operators changed, and the lists as they were signed.
/// `needed_until` is when the last credential of a list runs out.
const STATUS: &str = "
ALTER TABLE credential ADD COLUMN status_list BIGINT;
ALTER TABLE credential ADD COLUMN status_index BIGINT;
ALTER TABLE credential ADD COLUMN revoked_at BIGINT;
ALTER TABLE credential ADD COLUMN suspended_at BIGINT;
CREATE UNIQUE INDEX credential_place ON credential (status_list, status_index);
CREATE TABLE status_places (
    seed BLOB NOT NULL PRIMARY KEY,
    taken BIGINT NOT NULL
);
CREATE TABLE status_list (
    number BIGINT NOT NULL PRIMARY KEY,
    needed_until BIGINT NOT NULL,
    revision BIGINT NOT NULL
);
CREATE TABLE published_status_list (
    number BIGINT NOT NULL,
    purpose TEXT NOT NULL,
    revision BIGINT NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_until BIGINT NOT NULL,
    jwt TEXT NOT NULL,
    forms TEXT NOT NULL,
    PRIMARY KEY (number, purpose)
);
CREATE TABLE status_change (
    number BIGINT NOT NULL PRIMARY KEY,
    credential TEXT NOT NULL REFERENCES credential (id),
    change TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    reason TEXT NOT NULL
);
CREATE INDEX status_change_credential ON status_change (credential);
";

/// Bindings of report keys to chips, and refusals since. `maker` is a JSON object.
const ATTESTATION: &str = "
CREATE TABLE binding (
    node TEXT NOT NULL PRIMARY KEY,
    report_key TEXT NOT NULL,
    endorsement_key BLOB NOT NULL,
    earlier_key BLOB,
    activated_at BIGINT NOT NULL,
    valid_until BIGINT NOT NULL,
    maker TEXT NOT NULL,
    envelope BLOB NOT NULL
);
CREATE TABLE binding_refusal (
    node TEXT NOT NULL PRIMARY KEY,
    report_key TEXT NOT NULL,
    refused_at BIGINT NOT NULL,
    reason TEXT NOT NULL
);
";

/// Why the tables could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub(super) enum SchemaError {
    /// Made by a newer version of this program.
    #[error("the store has schema {found}, this version knows schemas up to {known}: install the newer version again")]
    Newer {
        /// In the file.
        found: usize,
        /// Here.
        known: usize,
    },
    /// A statement failed.
    #[error("a step of the schema failed")]
    Step(#[from] sqlx::Error),
}

/// Takes the steps that are missing, all in one commit. Another process may be doing the same: the first one does it.
pub(super) async fn migrate(connection: &mut SqliteConnection) -> Result<(), SchemaError> {
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await?;
    let taken: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *connection).await?;
    let taken = usize::try_from(taken).unwrap_or(usize::MAX);
    let Some(missing) = STEPS.get(taken..) else {
        return Err(SchemaError::Newer { found: taken, known: STEPS.len() });
    };
    for step in missing {
        sqlx::raw_sql(*step).execute(&mut *connection).await?;
    }
    let version = format!("PRAGMA user_version = {}", STEPS.len());
    sqlx::raw_sql(AssertSqlSafe(version)).execute(&mut *connection).await?;
    sqlx::query("COMMIT").execute(&mut *connection).await?;
    Ok(())
}
