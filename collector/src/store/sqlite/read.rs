//! What is read: rows to checked types. A row that does not check was not written by us.

use descriptors::digest::Digest;
use descriptors::id::NodeId;
use descriptors::report::Origin;
use descriptors::status_list::Place;
use descriptors::timestamp::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqlitePool};

use crate::store::{Enrolled, Issued, Latest, StoreError};

/// One text for all rows and for one row, so that the one row is found through its index.
macro_rules! latest {
    ($condition:literal) => {
        concat!(
            "SELECT latest.node, report.envelope AS report, latest.report_digest, report.received_at, ",
            "heartbeat.envelope AS heartbeat, latest.heard_at, latest.sequence, latest.statements FROM latest ",
            "JOIN statement AS report ON report.node = latest.node AND report.key_number = latest.key_number ",
            "AND report.sequence = latest.report_sequence ",
            "LEFT JOIN statement AS heartbeat ON heartbeat.node = latest.node ",
            "AND heartbeat.key_number = latest.key_number AND heartbeat.sequence = latest.heartbeat_sequence ",
            $condition
        )
    };
}

macro_rules! enrolled {
    ($condition:literal) => {
        concat!("SELECT node, report_key, enrolled_at, denied_at FROM node WHERE NOT is_forgotten ", $condition)
    };
}

macro_rules! credential {
    ($condition:literal) => {
        concat!(
            "SELECT id, class, subject, content, origin, valid_from, valid_until, jwt, forms, ",
            "status_list, status_index, revoked_at, suspended_at FROM credential ",
            $condition
        )
    };
}

/// Texts that must find their row through an index, for a test.
#[cfg(test)]
pub(super) const PLANS_TO_CHECK: [&str; 3] =
    [latest!("WHERE latest.node = $1"), enrolled!("AND node = $1"), credential!("WHERE id = $1")];

/// What holds of all nodes, or of one.
pub(super) async fn latest(pool: &SqlitePool, node: Option<&NodeId>) -> Result<Vec<Latest>, StoreError> {
    let query = match node {
        None => sqlx::query(latest!("ORDER BY latest.node")),
        Some(node) => sqlx::query(latest!("WHERE latest.node = $1")).bind(node.as_str()),
    };
    let rows = query.fetch_all(pool).await;
    rows.map_err(failed("read the latest reports"))?.iter().map(to_latest).collect()
}

pub(super) async fn sequences(pool: &SqlitePool, node: &NodeId) -> Result<Vec<u64>, StoreError> {
    let rows: Vec<i64> = sqlx::query_scalar(
        "SELECT sequence FROM statement WHERE node = $1 \
         AND key_number = (SELECT MAX(key_number) FROM statement WHERE node = $1) ORDER BY sequence",
    )
    .bind(node.as_str())
    .fetch_all(pool)
    .await
    .map_err(failed("read the sequences"))?;
    rows.into_iter().map(unsigned).collect()
}

pub(super) async fn enrolled(pool: &SqlitePool, node: Option<&NodeId>) -> Result<Vec<Enrolled>, StoreError> {
    let query = match node {
        None => sqlx::query(enrolled!("ORDER BY node")),
        Some(node) => sqlx::query(enrolled!("AND node = $1")).bind(node.as_str()),
    };
    let rows = query.fetch_all(pool).await;
    rows.map_err(failed("read the enrolled nodes"))?.iter().map(to_enrolled).collect()
}

/// All current credentials, or the one with this id, current or not.
pub(super) async fn credentials(pool: &SqlitePool, id: Option<&str>) -> Result<Vec<Issued>, StoreError> {
    let query = match id {
        None => sqlx::query(credential!("WHERE is_current ORDER BY class, subject")),
        Some(id) => sqlx::query(credential!("WHERE id = $1")).bind(id),
    };
    let rows = query.fetch_all(pool).await;
    rows.map_err(failed("read the credentials"))?.iter().map(to_issued).collect()
}

pub(super) async fn document(pool: &SqlitePool, name: &'static str) -> Result<Option<Vec<u8>>, StoreError> {
    sqlx::query_scalar("SELECT bytes FROM document WHERE name = $1")
        .bind(name)
        .fetch_optional(pool)
        .await
        .map_err(failed("read a document"))
}

fn to_latest(row: &SqliteRow) -> Result<Latest, StoreError> {
    Ok(Latest {
        node: name(row, "node")?,
        report: get(row, "report")?,
        report_digest: digest(row, "report_digest")?,
        received_at: time(row, "received_at")?,
        heartbeat: get(row, "heartbeat")?,
        heard_at: time(row, "heard_at")?,
        sequence: unsigned(get(row, "sequence")?)?,
        statements: unsigned(get(row, "statements")?)?,
    })
}

fn to_enrolled(row: &SqliteRow) -> Result<Enrolled, StoreError> {
    let report_key: String = get(row, "report_key")?;
    Ok(Enrolled {
        node: name(row, "node")?,
        report_key: report_key.parse().map_err(corrupt)?,
        enrolled_at: time(row, "enrolled_at")?,
        denied_at: time_if_any(row, "denied_at")?,
    })
}

fn to_issued(row: &SqliteRow) -> Result<Issued, StoreError> {
    let origin: String = get(row, "origin")?;
    Ok(Issued {
        id: get(row, "id")?,
        class: get(row, "class")?,
        subject: get(row, "subject")?,
        content: digest(row, "content")?,
        origin: match origin.as_str() {
            "real" => Origin::Real,
            "captured" => Origin::Captured,
            "simulated" => Origin::Simulated,
            other => return Err(StoreError::Corrupt(format!("origin `{other}`"))),
        },
        valid_from: time(row, "valid_from")?,
        valid_until: time(row, "valid_until")?,
        jwt: get(row, "jwt")?,
        forms: serde_json::from_str(&get::<String>(row, "forms")?).map_err(corrupt)?,
        place: place(row)?,
        revoked_at: time_if_any(row, "revoked_at")?,
        suspended_at: time_if_any(row, "suspended_at")?,
    })
}

fn place(row: &SqliteRow) -> Result<Option<Place>, StoreError> {
    let list: Option<i64> = get(row, "status_list")?;
    let index: Option<i64> = get(row, "status_index")?;
    let Some((list, index)) = list.zip(index) else { return Ok(None) };
    Ok(Some(Place { list: unsigned(list)?, index: usize::try_from(index).map_err(corrupt)? }))
}

pub(super) fn failed(operation: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
    move |source| StoreError::Operation { operation, source: Box::new(source) }
}

pub(super) fn corrupt(error: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt(error.to_string())
}

pub(super) fn get<'r, T>(row: &'r SqliteRow, column: &'static str) -> Result<T, StoreError>
where
    T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
{
    row.try_get(column).map_err(corrupt)
}

pub(super) fn name(row: &SqliteRow, column: &'static str) -> Result<NodeId, StoreError> {
    NodeId::new(get::<String>(row, column)?).map_err(corrupt)
}

fn time_if_any(row: &SqliteRow, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
    get::<Option<i64>>(row, column)?.map(Timestamp::from_unix).transpose().map_err(corrupt)
}

pub(super) fn time(row: &SqliteRow, column: &'static str) -> Result<Timestamp, StoreError> {
    Timestamp::from_unix(get(row, column)?).map_err(corrupt)
}

pub(super) fn digest(row: &SqliteRow, column: &'static str) -> Result<Digest, StoreError> {
    digest_of(get(row, column)?, column)
}

pub(super) fn digest_of(bytes: Vec<u8>, column: &'static str) -> Result<Digest, StoreError> {
    let length = bytes.len();
    let bytes = bytes.try_into().map_err(|_| StoreError::Corrupt(format!("{column} of {length} bytes")))?;
    Ok(Digest::from_bytes(bytes))
}

pub(super) fn unsigned(value: i64) -> Result<u64, StoreError> {
    u64::try_from(value).map_err(|_| StoreError::Corrupt(format!("the number {value}")))
}
