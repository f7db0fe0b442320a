//! Places in status lists, withdrawals, and the lists as they were signed.

use std::collections::BTreeSet;

use descriptors::digest::Digest;
use descriptors::status_list::{Place, Purpose};
use descriptors::timestamp::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{SqliteConnection, SqlitePool};

use super::read::{corrupt, digest, failed, get, time, unsigned};
use crate::store::{Change, Changed, ListState, PublishedList, StatusChange, StoreError, Taken, Withdrawn};

/// Of a credential: its list, when it was revoked and suspended, whether it is current.
type Standing = (Option<i64>, Option<i64>, Option<i64>, bool);

/// The revision of a list, and a place in it that was revoked or suspended.
type Mark = (i64, Option<i64>, Option<i64>, Option<i64>);

fn signed(number: u64) -> Result<i64, sqlx::Error> {
    i64::try_from(number).map_err(|error| sqlx::Error::Encode(error.into()))
}

/// A place as the columns hold it.
pub(super) fn place(place: Place) -> Result<(i64, i64), sqlx::Error> {
    Ok((signed(place.list)?, signed(place.index as u64)?))
}

pub(super) async fn take(connection: &mut SqliteConnection, count: u64, seed: Digest) -> Result<Taken, sqlx::Error> {
    sqlx::query("INSERT INTO status_places (seed, taken) SELECT $1, 0 WHERE NOT EXISTS (SELECT 1 FROM status_places)")
        .bind(seed.as_bytes().as_slice())
        .execute(&mut *connection)
        .await?;
    let row = sqlx::query("UPDATE status_places SET taken = taken + $1 RETURNING seed, taken")
        .bind(signed(count)?)
        .fetch_one(connection)
        .await?;
    let wrong = |error: StoreError| sqlx::Error::Decode(error.into());
    let taken = get(&row, "taken").and_then(unsigned).map_err(wrong)?;
    Ok(Taken { first: taken - count, seed: digest(&row, "seed").map_err(wrong)? })
}

/// Notes that a list is asked for as long as a credential in it holds.
pub(super) async fn need(connection: &mut SqliteConnection, list: i64, until: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO status_list (number, needed_until, revision) VALUES ($1, $2, 0) ON CONFLICT (number) DO UPDATE SET \
         needed_until = CASE WHEN status_list.needed_until < excluded.needed_until THEN excluded.needed_until \
         ELSE status_list.needed_until END",
    )
    .bind(list)
    .bind(until.unix())
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes that bits of these lists changed.
pub(super) async fn touch(connection: &mut SqliteConnection, lists: &BTreeSet<i64>) -> Result<(), sqlx::Error> {
    for list in lists {
        sqlx::query("UPDATE status_list SET revision = revision + 1 WHERE number = $1")
            .bind(list)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

pub(super) async fn change(connection: &mut SqliteConnection, asked: &StatusChange) -> Result<Changed, sqlx::Error> {
    let found: Option<Standing> =
        sqlx::query_as("SELECT status_list, revoked_at, suspended_at, is_current FROM credential WHERE id = $1")
            .bind(asked.credential.as_str())
            .fetch_optional(&mut *connection)
            .await?;
    let Some((list, revoked_at, suspended_at, is_current)) = found else { return Ok(Changed::Unknown) };
    let Some(list) = list else { return Ok(Changed::NoPlace) };
    let sql = match (asked.change, revoked_at, suspended_at) {
        (Change::Replace, Some(_), _) if !is_current => return Ok(Changed::AsBefore),
        (Change::Revoke, Some(_), _) | (Change::Suspend, None, Some(_)) | (Change::Reinstate, None, None) => {
            return Ok(Changed::AsBefore);
        }
        (Change::Suspend | Change::Reinstate, Some(_), _) => return Ok(Changed::Revoked),
        (Change::Revoke, None, _) => "UPDATE credential SET revoked_at = $2 WHERE id = $1",
        (Change::Replace, ..) => {
            "UPDATE credential SET revoked_at = COALESCE(revoked_at, $2), is_current = FALSE WHERE id = $1"
        }
        (Change::Suspend, None, None) => "UPDATE credential SET suspended_at = $2 WHERE id = $1",
        (Change::Reinstate, None, Some(_)) => "UPDATE credential SET suspended_at = NULL WHERE id = $1",
    };
    let query = sqlx::query(sql).bind(asked.credential.as_str());
    let query = if asked.change == Change::Reinstate { query } else { query.bind(asked.at.unix()) };
    query.execute(&mut *connection).await?;
    sqlx::query(
        "INSERT INTO status_change (number, credential, change, changed_at, reason) \
         SELECT COALESCE(MAX(number), 0) + 1, $1, $2, $3, $4 FROM status_change",
    )
    .bind(asked.credential.as_str())
    .bind(asked.change.as_str())
    .bind(asked.at.unix())
    .bind(asked.reason.as_str())
    .execute(&mut *connection)
    .await?;
    touch(connection, &BTreeSet::from([list])).await?;
    Ok(Changed::Done)
}

pub(super) async fn changes(pool: &SqlitePool, id: &str) -> Result<Vec<StatusChange>, StoreError> {
    let rows = sqlx::query(
        "SELECT credential, change, changed_at, reason FROM status_change WHERE credential = $1 ORDER BY number",
    )
    .bind(id)
    .fetch_all(pool)
    .await;
    let rows = rows.map_err(failed("read the changes of a status"))?;
    let change = |row: &SqliteRow| {
        let name: String = get(row, "change")?;
        let known = Change::ALL.into_iter().find(|known| known.as_str() == name);
        Ok(StatusChange {
            credential: get(row, "credential")?,
            change: known.ok_or_else(|| corrupt(format!("the change `{name}`")))?,
            at: time(row, "changed_at")?,
            reason: get(row, "reason")?,
        })
    };
    rows.iter().map(change).collect()
}

pub(super) async fn lists(pool: &SqlitePool, now: Timestamp) -> Result<Vec<ListState>, StoreError> {
    let needed: Vec<(i64, i64)> =
        sqlx::query_as("SELECT number, revision FROM status_list WHERE needed_until >= $1 ORDER BY number")
            .bind(now.unix())
            .fetch_all(pool)
            .await
            .map_err(failed("read the status lists"))?;
    let mut all = published(pool, None).await?;
    let state = |(number, revision): (i64, i64)| {
        let list = unsigned(number)?;
        let published = all.extract_if(.., |one| one.list == list).collect();
        Ok(ListState { list, revision: unsigned(revision)?, published })
    };
    needed.into_iter().map(state).collect()
}

/// All published lists, or one.
pub(super) async fn published(
    pool: &SqlitePool,
    one: Option<(Purpose, u64)>,
) -> Result<Vec<PublishedList>, StoreError> {
    const ALL: &str = "SELECT number, purpose, revision, valid_from, valid_until, jwt, forms FROM published_status_list \
        ORDER BY number, purpose";
    const ONE: &str = "SELECT number, purpose, revision, valid_from, valid_until, jwt, forms FROM published_status_list \
        WHERE number = $1 AND purpose = $2";
    let query = match one {
        None => sqlx::query(ALL),
        Some((purpose, list)) => {
            // A number that no list can have names none.
            let Ok(list) = i64::try_from(list) else { return Ok(Vec::new()) };
            sqlx::query(ONE).bind(list).bind(purpose.as_str())
        }
    };
    let rows = query.fetch_all(pool).await.map_err(failed("read the published status lists"))?;
    rows.iter().map(to_published).collect()
}

fn to_published(row: &SqliteRow) -> Result<PublishedList, StoreError> {
    let purpose: String = get(row, "purpose")?;
    Ok(PublishedList {
        purpose: Purpose::from_name(&purpose).ok_or_else(|| corrupt(format!("the purpose `{purpose}`")))?,
        list: unsigned(get(row, "number")?)?,
        revision: unsigned(get(row, "revision")?)?,
        valid_from: time(row, "valid_from")?,
        valid_until: time(row, "valid_until")?,
        jwt: get(row, "jwt")?,
        forms: serde_json::from_str(&get::<String>(row, "forms")?).map_err(corrupt)?,
    })
}

pub(super) async fn withdrawn(pool: &SqlitePool, list: u64) -> Result<Withdrawn, StoreError> {
    let failed = failed("read the withdrawn credentials of a status list");
    let number = i64::try_from(list).map_err(corrupt)?;
    // One statement, so that revision and places are of one instant. A list without withdrawals has one row, without a place.
    let rows: Vec<Mark> = sqlx::query_as(
        "SELECT status_list.revision, credential.status_index, credential.revoked_at, credential.suspended_at \
         FROM status_list LEFT JOIN credential ON credential.status_list = status_list.number \
         AND (credential.revoked_at IS NOT NULL OR credential.suspended_at IS NOT NULL) \
         WHERE status_list.number = $1 ORDER BY credential.status_index",
    )
    .bind(number)
    .fetch_all(pool)
    .await
    .map_err(failed)?;
    let mut withdrawn = Withdrawn { revision: 0, revoked: Vec::new(), suspended: Vec::new() };
    for (revision, index, revoked_at, suspended_at) in rows {
        withdrawn.revision = unsigned(revision)?;
        let Some(index) = index else { continue };
        let index = usize::try_from(index).map_err(corrupt)?;
        if revoked_at.is_some() {
            withdrawn.revoked.push(index);
        }
        if suspended_at.is_some() {
            withdrawn.suspended.push(index);
        }
    }
    Ok(withdrawn)
}

pub(super) async fn put(connection: &mut SqliteConnection, list: &PublishedList) -> Result<(), sqlx::Error> {
    let forms = serde_json::to_string(&list.forms).map_err(|error| sqlx::Error::Encode(error.into()))?;
    sqlx::query(
        "INSERT INTO published_status_list (number, purpose, revision, valid_from, valid_until, jwt, forms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (number, purpose) DO UPDATE SET revision = excluded.revision, \
         valid_from = excluded.valid_from, valid_until = excluded.valid_until, jwt = excluded.jwt, forms = excluded.forms \
         WHERE published_status_list.revision <= excluded.revision",
    )
    .bind(signed(list.list)?)
    .bind(list.purpose.as_str())
    .bind(signed(list.revision)?)
    .bind(list.valid_from.unix())
    .bind(list.valid_until.unix())
    .bind(list.jwt.as_str())
    .bind(forms)
    .execute(connection)
    .await?;
    Ok(())
}
