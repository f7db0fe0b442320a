//! Bindings of report keys to chips: written and read.

use descriptors::id::NodeId;
use sqlx::sqlite::SqliteRow;
use sqlx::{SqliteConnection, SqlitePool};

use super::read::{corrupt, digest, digest_of, failed, get, name, time};
use crate::store::{Binding, Refused, StoreError};

pub(super) async fn put(connection: &mut SqliteConnection, binding: &Binding) -> Result<bool, sqlx::Error> {
    let maker = serde_json::to_string(&binding.maker).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let as_before: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM binding WHERE node = $1 AND report_key = $2 AND endorsement_key = $3 AND maker = $4 \
         AND valid_until >= $5)",
    )
    .bind(binding.node.as_str())
    .bind(binding.report_key.as_str())
    .bind(binding.endorsement_key.as_bytes().as_slice())
    .bind(maker.as_str())
    .bind(binding.activated_at.unix())
    .fetch_one(&mut *connection)
    .await?;
    // A chip that comes back after another one was there is no less a change: the one before stands beside it.
    sqlx::query(
        "INSERT INTO binding (node, report_key, endorsement_key, activated_at, valid_until, maker, envelope) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (node) DO UPDATE SET \
         earlier_key = CASE WHEN binding.endorsement_key = excluded.endorsement_key THEN binding.earlier_key \
         ELSE binding.endorsement_key END, \
         report_key = excluded.report_key, endorsement_key = excluded.endorsement_key, \
         activated_at = excluded.activated_at, valid_until = excluded.valid_until, maker = excluded.maker, \
         envelope = excluded.envelope",
    )
    .bind(binding.node.as_str())
    .bind(binding.report_key.as_str())
    .bind(binding.endorsement_key.as_bytes().as_slice())
    .bind(binding.activated_at.unix())
    .bind(binding.valid_until.unix())
    .bind(maker)
    .bind(binding.envelope.as_slice())
    .execute(&mut *connection)
    .await?;
    sqlx::query("DELETE FROM binding_refusal WHERE node = $1").bind(binding.node.as_str()).execute(connection).await?;
    Ok(!as_before)
}

pub(super) async fn refuse(
    connection: &mut SqliteConnection,
    node: &NodeId,
    refused: &Refused,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO binding_refusal (node, report_key, refused_at, reason) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (node) DO UPDATE SET report_key = excluded.report_key, refused_at = excluded.refused_at, \
         reason = excluded.reason",
    )
    .bind(node.as_str())
    .bind(refused.report_key.as_str())
    .bind(refused.at.unix())
    .bind(refused.reason.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn all(pool: &SqlitePool) -> Result<Vec<Binding>, StoreError> {
    let rows = sqlx::query(
        "SELECT node, report_key, endorsement_key, earlier_key, activated_at, valid_until, maker, envelope FROM binding \
         ORDER BY node",
    );
    let rows = rows.fetch_all(pool).await.map_err(failed("read the bindings of report keys"))?;
    rows.iter().map(to_binding).collect()
}

pub(super) async fn refusals(pool: &SqlitePool) -> Result<Vec<(NodeId, Refused)>, StoreError> {
    let rows = sqlx::query("SELECT node, report_key, refused_at, reason FROM binding_refusal ORDER BY node");
    let rows = rows.fetch_all(pool).await.map_err(failed("read why report keys were not bound"))?;
    rows.iter().map(to_refused).collect()
}

fn to_binding(row: &SqliteRow) -> Result<Binding, StoreError> {
    let earlier: Option<Vec<u8>> = get(row, "earlier_key")?;
    Ok(Binding {
        node: name(row, "node")?,
        report_key: get::<String>(row, "report_key")?.parse().map_err(corrupt)?,
        endorsement_key: digest(row, "endorsement_key")?,
        earlier_key: earlier.map(|bytes| digest_of(bytes, "earlier_key")).transpose()?,
        activated_at: time(row, "activated_at")?,
        valid_until: time(row, "valid_until")?,
        maker: serde_json::from_str(&get::<String>(row, "maker")?).map_err(corrupt)?,
        envelope: get(row, "envelope")?,
    })
}

fn to_refused(row: &SqliteRow) -> Result<(NodeId, Refused), StoreError> {
    let report_key = get::<String>(row, "report_key")?.parse().map_err(corrupt)?;
    Ok((name(row, "node")?, Refused { report_key, at: time(row, "refused_at")?, reason: get(row, "reason")? }))
}
