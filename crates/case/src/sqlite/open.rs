//! Opening the database: what is there, whether it is ours, which version, and how it may be used.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use crate::StoreError;

/// "FSCA" in the header of the database: this is a fault-case store.
const APPLICATION_ID: i64 = 0x4653_4341;

/// One script for each version; the database's `user_version` counts those that were run.
const MIGRATIONS: [&str; 7] = [
    "
    CREATE TABLE fault_case (
        no INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        uuid TEXT NOT NULL UNIQUE,
        year INTEGER NOT NULL,
        number INTEGER NOT NULL,
        state TEXT NOT NULL,
        status TEXT NOT NULL,
        priority TEXT NOT NULL,
        assignee TEXT,
        words TEXT NOT NULL,
        opened_ms INTEGER NOT NULL,
        updated_ms INTEGER NOT NULL,
        next_due_ms INTEGER,
        events INTEGER NOT NULL,
        UNIQUE (year, number)
    ) STRICT;
    CREATE INDEX case_by_due ON fault_case (next_due_ms IS NULL, next_due_ms, no);
    CREATE INDEX case_by_update ON fault_case (updated_ms, no);
    CREATE TABLE event (
        case_no INTEGER NOT NULL REFERENCES fault_case (no),
        seq INTEGER NOT NULL,
        id TEXT NOT NULL UNIQUE,
        hash TEXT NOT NULL,
        body TEXT NOT NULL,
        UNIQUE (case_no, seq)
    ) STRICT;
",
    "
    CREATE TABLE side_event (
        case_no INTEGER NOT NULL REFERENCES fault_case (no),
        merged_by INTEGER NOT NULL,
        place INTEGER NOT NULL,
        id TEXT NOT NULL,
        hash TEXT NOT NULL,
        body TEXT NOT NULL,
        UNIQUE (case_no, merged_by, place),
        UNIQUE (case_no, hash)
    ) STRICT;
",
    "
    CREATE TABLE library (
        case_no INTEGER PRIMARY KEY REFERENCES fault_case (no),
        version INTEGER NOT NULL,
        events INTEGER NOT NULL,
        words TEXT NOT NULL,
        body TEXT NOT NULL
    ) STRICT;
",
    // The tables stay; but a program that does not know pauses and calendars would take clocks for others than they are.
    "-- 4: pauses, calendars, overruns",
    // Lists and searches that answer from an index alone: the rows hold much that they do not need. Words are looked through in
    // full, so that parts of words and words of two Chinese characters are found like any other.
    "
    CREATE INDEX open_by_due ON fault_case (next_due_ms IS NULL, next_due_ms, no) WHERE status <> 'closed';
    CREATE INDEX closed_case ON fault_case (no, events, status) WHERE status = 'closed';
    CREATE INDEX case_by_words ON fault_case (words);
    ALTER TABLE library ADD COLUMN causes TEXT NOT NULL DEFAULT '{}';
    CREATE INDEX library_by_case ON library (case_no, version, events, causes);
    CREATE INDEX library_by_words ON library (words);
",
    // Inspections: a chain of events for each plan, with the columns that lists are made of.
    "
    CREATE TABLE round_event (
        plan TEXT NOT NULL,
        seq INTEGER NOT NULL,
        id TEXT NOT NULL UNIQUE,
        hash TEXT NOT NULL,
        body TEXT NOT NULL,
        kind TEXT NOT NULL,
        tag TEXT NOT NULL,
        done_ms INTEGER NOT NULL,
        verdict TEXT NOT NULL,
        about TEXT NOT NULL,
        case_id TEXT NOT NULL,
        UNIQUE (plan, seq)
    ) STRICT;
    CREATE INDEX round_in_brief ON round_event (plan, seq, kind, tag, id, done_ms, verdict, about, case_id);
",
    // The library once more, which whoever searches fills: signatures as bytes in a table that holds nothing else, and the cases that
    // have changed since, so that nobody has to look for them. Words of cases lie in the order in which cases are listed, so that a
    // list that ends early has not looked through all.
    "
    DROP TABLE library;
    CREATE TABLE library (
        case_no INTEGER PRIMARY KEY REFERENCES fault_case (no),
        version INTEGER NOT NULL,
        events INTEGER NOT NULL,
        words TEXT NOT NULL,
        body TEXT NOT NULL
    ) STRICT;
    CREATE INDEX library_by_case ON library (case_no, version, events);
    CREATE INDEX library_by_words ON library (version, words);
    CREATE TABLE library_signature (
        case_no INTEGER PRIMARY KEY REFERENCES fault_case (no),
        signature BLOB NOT NULL
    ) STRICT;
    CREATE TABLE library_due (case_no INTEGER PRIMARY KEY REFERENCES fault_case (no)) STRICT;
    CREATE TABLE library_state (one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL) STRICT;
    DROP INDEX case_by_words;
    CREATE INDEX case_by_due_words ON fault_case (next_due_ms IS NULL, next_due_ms, no, words);
",
];

/// How long another program is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a store is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reading what is there.
    Read,
    /// Writing to a store that is there.
    Write,
    /// Writing; a store that is not there is created.
    Create,
}

/// Connects to the database of a store folder; also says whether it can only be read.
pub(super) fn connect(dir: &Path, access: Access) -> Result<(Connection, bool), StoreError> {
    let db = locate(dir, access)?;
    if access == Access::Read {
        return Ok((reading(dir, &db)?, true));
    }
    match writing(dir, &db) {
        Ok(connection) => Ok((connection, false)),
        Err(error @ (StoreError::ReadOnly { .. } | StoreError::Io { .. })) if db.is_file() => {
            reading(dir, &db).map(|connection| (connection, true)).map_err(|_| error)
        }
        Err(error) => Err(error),
    }
}

/// The place of the database, after looking at what is there.
fn locate(dir: &Path, access: Access) -> Result<PathBuf, StoreError> {
    let not = |what: &str, path: &Path| StoreError::NotAStore { what: what.into(), path: path.to_owned() };
    let db = dir.join("faultscope.db");
    match fs::metadata(dir) {
        Ok(meta) if meta.is_dir() => {}
        Ok(_) => return Err(not("this is a file, not the folder of a fault-case store", dir)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound && access == Access::Create => create_dir(dir)?,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Err(StoreError::NoStore { path: dir.to_owned() }),
        Err(e) if e.kind() == std::io::ErrorKind::NotADirectory => {
            return Err(not("a part of this path is a file, not a folder", dir));
        }
        Err(e) => return Err(StoreError::io("opening the store", dir, &e)),
    }
    match fs::metadata(&db) {
        Ok(meta) if meta.is_file() => Ok(db),
        Ok(_) => Err(not("this is not a database file", &db)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound && access == Access::Create => Ok(db),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Err(StoreError::NoStore { path: dir.to_owned() }),
        Err(e) => Err(StoreError::io("opening the store", &db, &e)),
    }
}

/// Creates the folder and makes its name durable.
fn create_dir(dir: &Path) -> Result<(), StoreError> {
    use crate::files::{Disk, Files as _};
    fs::create_dir_all(dir).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotADirectory | std::io::ErrorKind::AlreadyExists => {
            StoreError::NotAStore { what: "a part of this path is a file, not a folder".into(), path: dir.to_owned() }
        }
        _ => StoreError::io("creating the store's folder", dir, &e),
    })?;
    match dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => Disk.sync_dir(parent).map_err(|e| StoreError::io("creating the store's folder", parent, &e)),
        None => Ok(()),
    }
}

fn writing(dir: &Path, db: &Path) -> Result<Connection, StoreError> {
    let failed = |e: rusqlite::Error| StoreError::db("opening the store", dir, &e);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(db, flags).map_err(failed)?;
    distrust(&connection).map_err(failed)?;
    // EXTRA is FULL plus a flush of the folder, which only matters while no write-ahead log is in use.
    connection.execute_batch("PRAGMA synchronous = EXTRA").map_err(failed)?;
    migrate(&mut connection, dir, db)?;
    if connection.is_readonly("main").map_err(failed)? {
        return Err(StoreError::ReadOnly { path: dir.to_owned() });
    }
    write_ahead(&connection).map_err(failed)?;
    Ok(connection)
}

/// Reading changes nothing on the medium where that is possible.
fn reading(dir: &Path, db: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let plain = Connection::open_with_flags(db, flags).and_then(|c| distrust(&c).map(|()| c));
    let connection = match plain.and_then(|c| version(&c).map(|_| c)) {
        Ok(connection) => connection,
        Err(error) if stuck(&error) && !has_log(db) => {
            // No log: the file is complete, and on a medium that cannot be written nobody is changing it.
            Connection::open_with_flags(immutable(db), flags | OpenFlags::SQLITE_OPEN_URI)
                .and_then(|c| distrust(&c).map(|()| c))
                .map_err(|e| StoreError::db("opening the store", dir, &e))?
        }
        // A program was killed in the middle of a change; whoever opens for writing takes the half change back.
        Err(error) if stuck(&error) => writing(dir, db).map_err(|_| StoreError::Io {
            doing: "reading a store that was not closed, from a place that cannot be written,".into(),
            reason: error.to_string(),
            path: dir.to_owned(),
        })?,
        Err(error) => return Err(StoreError::db("opening the store", db, &error)),
    };
    match version(&connection).map_err(|e| StoreError::db("opening the store", db, &e))? {
        Version::Ours(0) | Version::Empty => Err(StoreError::NoStore { path: dir.to_owned() }),
        found => known(found, dir, db).map(|()| connection),
    }
}

/// What the system says when the log's helper files cannot be made.
fn stuck(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::SystemIoFailure | ErrorCode::PermissionDenied)
    )
}

/// Whether a write-ahead log or a rollback journal with content lies beside the database.
fn has_log(db: &Path) -> bool {
    ["-wal", "-journal"].iter().any(|suffix| {
        let mut name = db.as_os_str().to_owned();
        name.push(suffix);
        fs::metadata(name).is_ok_and(|m| m.len() > 0)
    })
}

/// The URI that opens a file as one that nobody changes.
fn immutable(db: &Path) -> String {
    use std::fmt::Write as _;
    let mut uri = String::from("file:");
    let absolute = std::path::absolute(db).unwrap_or_else(|_| db.to_owned());
    if cfg!(windows) {
        uri.push('/');
    }
    for byte in absolute.as_os_str().as_encoded_bytes() {
        match byte {
            b'\\' if cfg!(windows) => uri.push('/'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b':' => uri.push(char::from(*byte)),
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri.push_str("?immutable=1");
    uri
}

/// A store may come from elsewhere: nothing in it is run, nothing in it may be larger than this program writes.
fn distrust(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(PATIENCE)?;
    for (config, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
    ] {
        connection.set_db_config(config, on)?;
    }
    for (limit, value) in [
        (Limit::SQLITE_LIMIT_LENGTH, 32 << 20),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, 100_000),
        (Limit::SQLITE_LIMIT_COLUMN, 100),
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, 50),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 1),
    ] {
        connection.set_limit(limit, value)?;
    }
    connection.execute_batch("PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0")
}

/// What a database says about itself.
enum Version {
    /// Nothing in it yet.
    Empty,
    /// A store of this version.
    Ours(i64),
    /// Somebody else's.
    Foreign,
}

fn version(connection: &Connection) -> rusqlite::Result<Version> {
    // One reading: between two, another program could finish its migration, and half of each would look like nobody's.
    connection.execute_batch("SAVEPOINT look")?;
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let found = || -> rusqlite::Result<Version> {
        let tables = number("SELECT count(*) FROM sqlite_schema")?;
        let application = number("PRAGMA application_id")?;
        let version = number("PRAGMA user_version")?;
        Ok(match (application, version, tables) {
            (0, 0, 0) => Version::Empty,
            (APPLICATION_ID, version, _) => Version::Ours(version),
            _ => Version::Foreign,
        })
    };
    let found = found();
    connection.execute_batch("RELEASE look")?;
    found
}

/// Refuses what is not a store that this program knows.
fn known(found: Version, dir: &Path, db: &Path) -> Result<(), StoreError> {
    let newest = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    match found {
        Version::Foreign => {
            Err(StoreError::NotAStore { what: "this database belongs to another program".into(), path: db.to_owned() })
        }
        Version::Ours(found) if found > newest => {
            Err(StoreError::NewerStore { found, known: newest, path: dir.to_owned() })
        }
        _ => Ok(()),
    }
}

/// Brings a store to the newest version, in one transaction; a foreign database is left untouched.
fn migrate(connection: &mut Connection, dir: &Path, db: &Path) -> Result<(), StoreError> {
    let failed = |e: rusqlite::Error| StoreError::db("opening the store", db, &e);
    let done = |found: &Version| matches!(found, Version::Ours(v) if usize::try_from(*v) == Ok(MIGRATIONS.len()));
    let found = version(connection).map_err(failed)?;
    if done(&found) {
        return Ok(());
    }
    known(found, dir, db)?;
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    // Looked at again with the lock held: another program may have been quicker.
    let found = version(&tx).map_err(failed)?;
    let from = match &found {
        Version::Ours(version) => usize::try_from(*version).unwrap_or(0),
        _ => 0,
    };
    known(found, dir, db)?;
    for script in MIGRATIONS.iter().skip(from) {
        tx.execute_batch(script).map_err(failed)?;
    }
    let newest = from.max(MIGRATIONS.len());
    tx.execute_batch(&format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {newest}"))
        .map_err(failed)?;
    tx.commit().map_err(failed)
}

/// Switches to the write-ahead log. The switch does not wait for others by itself; a file system without shared memory stays
/// with the rollback journal, which is as safe with `synchronous = EXTRA`.
fn write_ahead(connection: &Connection) -> rusqlite::Result<()> {
    let pause = Duration::from_millis(20);
    let mut attempts = PATIENCE.as_millis() / pause.as_millis();
    loop {
        match connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0)) {
            Ok(_) => return Ok(()),
            Err(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) if attempts > 0 => {
                    attempts -= 1;
                    std::thread::sleep(pause);
                }
                _ => return Err(error),
            },
        }
    }
}

/// Folds the log into the database and goes back to the rollback journal; both are left alone where somebody else is at work.
pub(super) fn settle(connection: &Connection) -> rusqlite::Result<()> {
    for sql in ["PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA journal_mode = DELETE"] {
        match connection.query_row(sql, [], |_| Ok(())) {
            Err(e) if matches!(e.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)) => {}
            other => other?,
        }
    }
    Ok(())
}
