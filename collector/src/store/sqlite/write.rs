//! What is written, inside a transaction that nobody else writes in.

use std::collections::BTreeSet;

use descriptors::did::Did;
use descriptors::digest::Digest;
use descriptors::id::NodeId;
use descriptors::report::Origin;
use descriptors::timestamp::Timestamp;
use sqlx::SqliteConnection;

use super::status;
use crate::store::{Issued, Put, Redeemed, Statement, StatementKind};

/// What holds of a node before a statement of it is written.
struct Standing {
    /// Number of the node's present report key; 0 before it enrolled.
    key_number: i64,
    /// Highest sequence and digest of the latest report, under that key.
    latest: Option<(i64, Vec<u8>)>,
}

pub(super) async fn statement(connection: &mut SqliteConnection, statement: &Statement) -> Result<Put, sqlx::Error> {
    let sequence = i64::try_from(statement.id.sequence).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let standing = standing(connection, &statement.id.node).await?;
    let known = match statement.kind {
        StatementKind::Report => true,
        StatementKind::Heartbeat => holds(connection, statement, sequence, &standing).await?,
    };
    if known && insert(connection, statement, sequence, &standing).await? {
        advance(connection, statement, sequence, &standing).await?;
        return Ok(Put::Stored);
    }
    let stored: Option<Vec<u8>> = sqlx::query_scalar(
        "SELECT payload_digest FROM statement WHERE node = $1 AND key_number = $2 AND sequence = $3",
    )
    .bind(statement.id.node.as_str())
    .bind(standing.key_number)
    .bind(sequence)
    .fetch_optional(connection)
    .await?;
    Ok(match stored {
        Some(digest) if digest == statement.payload_digest.as_bytes() => Put::Duplicate,
        Some(_) => Put::Contradiction,
        None => Put::UnknownReport,
    })
}

async fn standing(connection: &mut SqliteConnection, node: &NodeId) -> Result<Standing, sqlx::Error> {
    let key_number: Option<i64> = sqlx::query_scalar("SELECT key_number FROM node WHERE node = $1")
        .bind(node.as_str())
        .fetch_optional(&mut *connection)
        .await?;
    let key_number = key_number.unwrap_or(0);
    let latest = sqlx::query_as("SELECT sequence, report_digest FROM latest WHERE node = $1 AND key_number = $2")
        .bind(node.as_str())
        .bind(key_number)
        .fetch_optional(connection)
        .await?;
    Ok(Standing { key_number, latest })
}

/// Whether a heartbeat names a report it can hold: the latest one, or, when the heartbeat is late, one before it.
async fn holds(
    connection: &mut SqliteConnection,
    heartbeat: &Statement,
    sequence: i64,
    standing: &Standing,
) -> Result<bool, sqlx::Error> {
    match &standing.latest {
        None => Ok(false),
        Some((highest, report)) if sequence > *highest => Ok(report == heartbeat.holds.as_bytes()),
        Some(_) => {
            sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM statement WHERE node = $1 AND key_number = $2 AND kind = 'report' \
                 AND payload_digest = $3 AND sequence < $4)",
            )
            .bind(heartbeat.id.node.as_str())
            .bind(standing.key_number)
            .bind(heartbeat.holds.as_bytes().as_slice())
            .bind(sequence)
            .fetch_one(connection)
            .await
        }
    }
}

/// Puts a statement into history; false when its sequence is taken.
async fn insert(
    connection: &mut SqliteConnection,
    statement: &Statement,
    sequence: i64,
    standing: &Standing,
) -> Result<bool, sqlx::Error> {
    let kind = match statement.kind {
        StatementKind::Report => "report",
        StatementKind::Heartbeat => "heartbeat",
    };
    let inserted: Option<i64> = sqlx::query_scalar(
        "INSERT INTO statement (node, key_number, sequence, kind, payload_digest, holds, taken_at, received_at, envelope) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
         ON CONFLICT (node, key_number, sequence) DO NOTHING RETURNING sequence",
    )
    .bind(statement.id.node.as_str())
    .bind(standing.key_number)
    .bind(sequence)
    .bind(kind)
    .bind(statement.payload_digest.as_bytes().as_slice())
    .bind(statement.holds.as_bytes().as_slice())
    .bind(statement.taken_at.unix())
    .bind(statement.received_at.unix())
    .bind(statement.envelope.as_slice())
    .fetch_optional(connection)
    .await?;
    Ok(inserted.is_some())
}

/// Moves `latest`, where the statement is not late.
async fn advance(
    connection: &mut SqliteConnection,
    statement: &Statement,
    sequence: i64,
    standing: &Standing,
) -> Result<(), sqlx::Error> {
    let late = standing.latest.as_ref().is_some_and(|(highest, _)| sequence < *highest);
    let sql = match (late, statement.kind) {
        (true, _) => {
            "UPDATE latest SET statements = statements + 1, \
             heard_at = CASE WHEN heard_at < $4 THEN $4 ELSE heard_at END WHERE node = $1 AND key_number = $2"
        }
        (false, StatementKind::Heartbeat) => {
            "UPDATE latest SET sequence = $3, heartbeat_sequence = $3, statements = statements + 1, \
             heard_at = CASE WHEN heard_at < $4 THEN $4 ELSE heard_at END WHERE node = $1 AND key_number = $2"
        }
        (false, StatementKind::Report) => {
            "INSERT INTO latest (node, key_number, sequence, report_sequence, report_digest, heard_at, statements) \
             VALUES ($1, $2, $3, $3, $5, $4, 1) \
             ON CONFLICT (node) DO UPDATE SET key_number = excluded.key_number, sequence = excluded.sequence, \
             report_sequence = excluded.report_sequence, report_digest = excluded.report_digest, \
             heartbeat_sequence = NULL, statements = latest.statements + 1, \
             heard_at = CASE WHEN latest.heard_at < excluded.heard_at THEN excluded.heard_at ELSE latest.heard_at END"
        }
    };
    let mut query = sqlx::query(sql)
        .bind(statement.id.node.as_str())
        .bind(standing.key_number)
        .bind(sequence)
        .bind(statement.received_at.unix());
    if !late && statement.kind == StatementKind::Report {
        query = query.bind(statement.payload_digest.as_bytes().as_slice());
    }
    query.execute(connection).await?;
    Ok(())
}

pub(super) async fn token(
    connection: &mut SqliteConnection,
    secret_hash: Digest,
    node: &NodeId,
    expires_at: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM token WHERE node = $1 AND used_by IS NULL")
        .bind(node.as_str())
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO token (secret_hash, node, expires_at) VALUES ($1, $2, $3) ON CONFLICT (secret_hash) DO NOTHING",
    )
    .bind(secret_hash.as_bytes().as_slice())
    .bind(node.as_str())
    .bind(expires_at.unix())
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn redeem(
    connection: &mut SqliteConnection,
    hash: Digest,
    node: &NodeId,
    key: &Did,
    now: Timestamp,
) -> Result<Redeemed, sqlx::Error> {
    let token: Option<(i64, Option<String>)> =
        sqlx::query_as("SELECT expires_at, used_by FROM token WHERE secret_hash = $1 AND node = $2")
            .bind(hash.as_bytes().as_slice())
            .bind(node.as_str())
            .fetch_optional(&mut *connection)
            .await?;
    let Some((expires_at, used_by)) = token else { return Ok(Redeemed::Unknown) };
    let enrolled: Option<(String, Option<i64>, bool)> =
        sqlx::query_as("SELECT report_key, denied_at, is_forgotten FROM node WHERE node = $1")
            .bind(node.as_str())
            .fetch_optional(&mut *connection)
            .await?;
    // The row of a forgotten node stays only for its key's number.
    let present = enrolled.filter(|(_, _, forgotten)| !forgotten);
    let used = used_by.is_some_and(|user| user != key.as_str() || present.is_none());
    match present {
        _ if used => return Ok(Redeemed::Used),
        _ if expires_at <= now.unix() => return Ok(Redeemed::Expired),
        Some((_, Some(_), _)) => return Ok(Redeemed::Denied),
        Some((bound, None, _)) if bound != key.as_str() => return Ok(Redeemed::KeyDiffers),
        Some(_) => {}
        None => bind_key(connection, node, key, now).await?,
    }
    sqlx::query("UPDATE token SET used_by = $1 WHERE secret_hash = $2")
        .bind(key.as_str())
        .bind(hash.as_bytes().as_slice())
        .execute(connection)
        .await?;
    Ok(Redeemed::Enrolled)
}

/// Enrols a new or forgotten node; its key gets a new number only if it is another one than before.
async fn bind_key(
    connection: &mut SqliteConnection,
    node: &NodeId,
    key: &Did,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO node (node, report_key, key_number, enrolled_at, is_forgotten) VALUES ($1, $2, 1, $3, FALSE) \
         ON CONFLICT (node) DO UPDATE SET \
         key_number = node.key_number + CASE WHEN node.report_key = excluded.report_key THEN 0 ELSE 1 END, \
         report_key = excluded.report_key, enrolled_at = excluded.enrolled_at, denied_at = NULL, is_forgotten = FALSE",
    )
    .bind(node.as_str())
    .bind(key.as_str())
    .bind(now.unix())
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn deny(
    connection: &mut SqliteConnection,
    node: &NodeId,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let found: Option<i64> = sqlx::query_scalar(
        "UPDATE node SET denied_at = COALESCE(denied_at, $2) WHERE node = $1 AND NOT is_forgotten RETURNING 1",
    )
    .bind(node.as_str())
    .bind(now.unix())
    .fetch_optional(connection)
    .await?;
    Ok(found.is_some())
}

pub(super) async fn forget(connection: &mut SqliteConnection, node: &NodeId) -> Result<bool, sqlx::Error> {
    let found: Option<i64> = sqlx::query_scalar(
        "UPDATE node SET is_forgotten = TRUE, denied_at = NULL WHERE node = $1 AND NOT is_forgotten RETURNING 1",
    )
    .bind(node.as_str())
    .fetch_optional(&mut *connection)
    .await?;
    for table in ["DELETE FROM binding WHERE node = $1", "DELETE FROM binding_refusal WHERE node = $1"] {
        sqlx::query(table).bind(node.as_str()).execute(&mut *connection).await?;
    }
    Ok(found.is_some())
}

/// Writes credentials; the id that is taken by another credential, if one is, and then nothing.
pub(super) async fn credentials(
    connection: &mut SqliteConnection,
    credentials: &[Issued],
) -> Result<Option<String>, sqlx::Error> {
    for issued in credentials {
        let stored: Option<String> = sqlx::query_scalar("SELECT jwt FROM credential WHERE id = $1")
            .bind(issued.id.as_str())
            .fetch_optional(&mut *connection)
            .await?;
        if stored.is_some_and(|jwt| jwt != issued.jwt) {
            return Ok(Some(issued.id.clone()));
        }
    }
    let mut touched = BTreeSet::new();
    for issued in credentials {
        touched.extend(replace(connection, issued).await?);
        put(connection, issued).await?;
    }
    status::touch(connection, &touched).await?;
    Ok(None)
}

/// Takes the current credential of the same subject and class out of the current set; the list in which it is revoked.
async fn replace(connection: &mut SqliteConnection, issued: &Issued) -> Result<Option<i64>, sqlx::Error> {
    let list: Option<Option<i64>> = sqlx::query_scalar(
        "UPDATE credential SET is_current = FALSE, \
         revoked_at = CASE WHEN status_list IS NULL THEN NULL ELSE COALESCE(revoked_at, $4) END \
         WHERE class = $1 AND subject = $2 AND is_current AND id <> $3 RETURNING status_list",
    )
    .bind(issued.class.as_str())
    .bind(issued.subject.as_str())
    .bind(issued.id.as_str())
    .bind(issued.valid_from.unix())
    .fetch_optional(connection)
    .await?;
    Ok(list.flatten())
}

async fn put(connection: &mut SqliteConnection, issued: &Issued) -> Result<(), sqlx::Error> {
    let forms = serde_json::to_string(&issued.forms).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let place = issued.place.map(status::place).transpose()?;
    sqlx::query(
        "INSERT INTO credential (id, class, subject, content, origin, valid_from, valid_until, jwt, forms, is_current, \
         status_list, status_index) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, TRUE, $10, $11) \
         ON CONFLICT (id) DO UPDATE SET is_current = TRUE",
    )
    .bind(issued.id.as_str())
    .bind(issued.class.as_str())
    .bind(issued.subject.as_str())
    .bind(issued.content.as_bytes().as_slice())
    .bind(origin(issued.origin))
    .bind(issued.valid_from.unix())
    .bind(issued.valid_until.unix())
    .bind(issued.jwt.as_str())
    .bind(forms)
    .bind(place.map(|(list, _)| list))
    .bind(place.map(|(_, index)| index))
    .execute(&mut *connection)
    .await?;
    match place {
        Some((list, _)) => status::need(connection, list, issued.valid_until).await,
        None => Ok(()),
    }
}

fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Real => "real",
        Origin::Captured => "captured",
        Origin::Simulated => "simulated",
    }
}

pub(super) async fn retire(
    connection: &mut SqliteConnection,
    ids: &[String],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let mut touched = BTreeSet::new();
    for id in ids {
        let list: Option<Option<i64>> = sqlx::query_scalar(
            "UPDATE credential SET is_current = FALSE, \
             revoked_at = CASE WHEN status_list IS NULL THEN NULL ELSE COALESCE(revoked_at, $2) END \
             WHERE id = $1 RETURNING status_list",
        )
        .bind(id.as_str())
        .bind(now.unix())
        .fetch_optional(&mut *connection)
        .await?;
        touched.extend(list.flatten());
    }
    status::touch(connection, &touched).await
}

pub(super) async fn document(
    connection: &mut SqliteConnection,
    name: &'static str,
    bytes: &[u8],
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO document (name, bytes) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET bytes = excluded.bytes",
    )
    .bind(name)
    .bind(bytes)
    .execute(connection)
    .await?;
    Ok(())
}
