use std::path::PathBuf;
use std::sync::Arc;

use descriptors::report::ReportId;
use sqlx::{Connection as _, SqliteConnection};

use super::*;
use crate::store::contract::{self, Place};
use crate::store::{SharedStore, StatementKind};

struct Directory(tempfile::TempDir);

impl Directory {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(format!("{name}.sqlite"))
    }

    /// What another process sees and does.
    async fn outside(&self, name: &str) -> SqliteConnection {
        SqliteConnectOptions::new().filename(self.file(name)).foreign_keys(true).connect().await.unwrap()
    }
}

impl Place for Directory {
    async fn open(&self, name: &'static str) -> SharedStore {
        Arc::new(SqliteStore::open(&self.file(name)).await.unwrap())
    }
}

fn report(sequence: u64) -> Statement {
    let digest = Digest::of(&sequence.to_be_bytes());
    let now = Timestamp::from_unix(1_790_000_000).unwrap();
    Statement {
        id: ReportId { node: NodeId::new("a").unwrap(), sequence },
        kind: StatementKind::Report,
        payload_digest: digest,
        holds: digest,
        taken_at: now,
        received_at: now,
        envelope: b"{}".to_vec(),
    }
}

#[tokio::test]
async fn sqlite_keeps_the_contract_of_the_store() {
    contract::holds(&Directory::new()).await;
}

#[tokio::test]
async fn only_the_owner_reads_the_store() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = Directory::new();
    let store = directory.open("private").await;
    store.put_statements(vec![report(1)]).await.unwrap();
    let mut files = 0;
    for entry in std::fs::read_dir(directory.0.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{entry:?}");
        files += 1;
    }
    assert_eq!(files, 3, "the file, its log and its index");
}

#[test]
fn a_version_that_corrupts_is_refused() {
    for (version, sound) in [("3.51.2", false), ("3.51.3", true), ("3.9.0", false), ("4.0.0", true), ("3.51", false)] {
        assert_eq!(is_sound_version(version), sound, "{version}");
    }
}

#[tokio::test]
async fn the_settings_that_durability_rests_on_are_in_force() {
    let directory = Directory::new();
    let options = SqliteConnectOptions::new().filename(directory.file("plain")).create_if_missing(true);
    let mut normal = options.clone().synchronous(SqliteSynchronous::Normal).connect().await.unwrap();
    let error = check_durable(&mut normal).await.unwrap_err().to_string();
    assert_eq!(error, "the store is not durable: journal_mode is delete, must be wal");
    let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Normal);
    let error = check_durable(&mut options.connect().await.unwrap()).await.unwrap_err().to_string();
    assert_eq!(error, "the store is not durable: synchronous is 1, must be 2");
    SqliteStore::open(&directory.file("plain")).await.unwrap();
}

#[tokio::test]
async fn a_store_of_the_first_schema_is_carried_on() {
    let directory = Directory::new();
    drop(directory.open("older").await);
    let mut older = directory.outside("older").await;
    let row = "INSERT INTO credential VALUES ('1', 'gx:Region', 's', zeroblob(32), 'real', 0, 1, 'jwt', TRUE)";
    let undo = "
        DROP TABLE binding; DROP TABLE binding_refusal;
        DROP TABLE status_change; DROP TABLE published_status_list; DROP TABLE status_list; DROP TABLE status_places;
        DROP INDEX credential_place;
        ALTER TABLE credential DROP COLUMN status_list; ALTER TABLE credential DROP COLUMN status_index;
        ALTER TABLE credential DROP COLUMN revoked_at; ALTER TABLE credential DROP COLUMN suspended_at;
        ALTER TABLE credential DROP COLUMN forms; PRAGMA user_version = 1;";
    for step in [undo, row] {
        sqlx::raw_sql(step).execute(&mut older).await.unwrap();
    }
    older.close().await.unwrap();
    let credentials = directory.open("older").await.credentials().await.unwrap();
    assert_eq!((credentials.len(), credentials[0].jwt.as_str()), (1, "jwt"));
    assert!(credentials[0].forms.is_empty());
    assert_eq!((credentials[0].place, credentials[0].revoked_at), (None, None));
}

#[tokio::test]
async fn a_newer_schema_is_left_alone() {
    let directory = Directory::new();
    drop(directory.open("newer").await);
    sqlx::raw_sql("PRAGMA user_version = 99").execute(&mut directory.outside("newer").await).await.unwrap();
    let error = SqliteStore::open(&directory.file("newer")).await.unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.starts_with("the store has schema 99"), "{cause}");
}

/// A row that a deferred constraint refuses: every statement succeeds, and the commit fails.
const COMMIT_FAILS: &str = "
CREATE TABLE broken (secret BLOB REFERENCES token (secret_hash) DEFERRABLE INITIALLY DEFERRED);
CREATE TRIGGER break_commit AFTER INSERT ON statement BEGIN INSERT INTO broken VALUES (x'00'); END;
";

#[tokio::test]
async fn after_a_failed_commit_nothing_is_acknowledged_or_written() {
    let directory = Directory::new();
    let store = directory.open("failing").await;
    store.put_statements(vec![report(1)]).await.unwrap();
    let mut outside = directory.outside("failing").await;
    sqlx::raw_sql(COMMIT_FAILS).execute(&mut outside).await.unwrap();
    let failed = store.put_statements(vec![report(2)]).await;
    assert!(matches!(failed, Err(StoreError::Operation { operation: "commit statements", .. })), "{failed:?}");
    assert!(!*store.open().borrow());
    sqlx::raw_sql("DROP TRIGGER break_commit").execute(&mut outside).await.unwrap();
    let refused = store.put_statements(vec![report(3)]).await;
    assert!(
        matches!(refused, Err(StoreError::Closed)),
        "the cause is gone, but the handle is not trusted: {refused:?}"
    );
    assert_eq!(store.sequences(&NodeId::new("a").unwrap()).await.unwrap(), [1], "what was committed can be read");
    drop(store);
    let store = directory.open("failing").await;
    assert_eq!(store.put_statements(vec![report(1), report(2)]).await.unwrap(), [Put::Duplicate, Put::Stored]);
}

#[tokio::test]
async fn a_write_waits_for_another_process() {
    let directory = Directory::new();
    let store = directory.open("shared").await;
    let mut outside = directory.outside("shared").await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut outside).await.unwrap();
    let mut answer = store.put_statements(vec![report(1)]);
    let early = tokio::time::timeout(Duration::from_millis(300), &mut answer).await;
    assert!(early.is_err(), "answered before anything could be committed: {early:?}");
    sqlx::query("COMMIT").execute(&mut outside).await.unwrap();
    assert_eq!(answer.await.unwrap(), [Put::Stored]);
    outside.close().await.unwrap();
    assert!(*store.open().borrow());
}

#[tokio::test]
async fn one_row_is_found_through_an_index() {
    let directory = Directory::new();
    drop(directory.open("plans").await);
    let mut outside = directory.outside("plans").await;
    for sql in read::PLANS_TO_CHECK {
        let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
        let rows: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(explain).bind("a").fetch_all(&mut outside).await.unwrap();
        assert!(rows.iter().all(|(.., detail)| !detail.starts_with("SCAN")), "{sql}: {rows:?}");
    }
}
