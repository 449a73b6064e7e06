//! The tables of a team's store, version by version; roles and whose cases each may see.

use postgres::Client;

/// One script for each version; `faultscope_version` counts those that were run. `{schema}` is the quoted name of the schema.
pub(super) const MIGRATIONS: [&str; 2] = [
    "
    CREATE TABLE setting (name text PRIMARY KEY, value text NOT NULL);
    CREATE TABLE team_member (login text NOT NULL, team text NOT NULL CHECK (team <> ''), PRIMARY KEY (login, team));

    -- Of the login, not of the role in use: these run as the owner, whose rows are not kept from him.
    CREATE FUNCTION my_teams() RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER
        SET search_path = {schema}, pg_temp
        AS 'SELECT team FROM team_member WHERE login = session_user';
    CREATE FUNCTION my_first_team() RETURNS text LANGUAGE sql STABLE SECURITY DEFINER
        SET search_path = {schema}, pg_temp
        AS 'SELECT coalesce(min(team), '''') FROM team_member WHERE login = session_user';

    CREATE TABLE fault_case (
        no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        id text NOT NULL UNIQUE,
        uuid text NOT NULL UNIQUE,
        year bigint NOT NULL,
        number bigint NOT NULL,
        state text NOT NULL,
        status text NOT NULL,
        priority text NOT NULL,
        assignee text,
        words text NOT NULL,
        opened_ms bigint NOT NULL,
        updated_ms bigint NOT NULL,
        next_due_ms bigint,
        events bigint NOT NULL,
        team text NOT NULL DEFAULT my_first_team(),
        UNIQUE (year, number)
    );
    CREATE INDEX open_by_due ON fault_case ((next_due_ms IS NULL), next_due_ms, no) WHERE status <> 'closed';
    CREATE INDEX case_by_update ON fault_case (updated_ms, no);
    CREATE INDEX closed_case ON fault_case (no, events) WHERE status = 'closed';
    CREATE TABLE event (
        case_no bigint NOT NULL REFERENCES fault_case (no),
        seq bigint NOT NULL,
        id text NOT NULL UNIQUE,
        hash text NOT NULL,
        body text NOT NULL,
        PRIMARY KEY (case_no, seq)
    );
    CREATE TABLE side_event (
        case_no bigint NOT NULL REFERENCES fault_case (no),
        merged_by bigint NOT NULL,
        place bigint NOT NULL,
        id text NOT NULL,
        hash text NOT NULL,
        body text NOT NULL,
        PRIMARY KEY (case_no, merged_by, place),
        UNIQUE (case_no, hash)
    );
    CREATE TABLE library (
        case_no bigint PRIMARY KEY REFERENCES fault_case (no),
        version bigint NOT NULL,
        events bigint NOT NULL,
        words text NOT NULL,
        signature bytea NOT NULL,
        body text NOT NULL
    );
    -- Numbers are counted here, because cases that one may not see have theirs too.
    CREATE TABLE case_number (year bigint PRIMARY KEY, last bigint NOT NULL DEFAULT 0, aside bigint NOT NULL DEFAULT 0);
    CREATE FUNCTION id_is_taken(wanted text) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
        SET search_path = {schema}, pg_temp
        AS 'SELECT EXISTS (SELECT 1 FROM fault_case WHERE id = wanted)';
    -- A case that other teams may work on as well.
    CREATE TABLE case_share (
        case_no bigint NOT NULL REFERENCES fault_case (no),
        team text NOT NULL CHECK (team <> ''),
        PRIMARY KEY (case_no, team)
    );
",
    // Inspections: a chain of events for each plan, which belongs to the team that used it first, with the columns that lists are made of.
    "
    CREATE TABLE round_plan (
        no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        plan text NOT NULL UNIQUE,
        team text NOT NULL DEFAULT my_first_team()
    );
    CREATE TABLE round_event (
        plan_no bigint NOT NULL REFERENCES round_plan (no),
        seq bigint NOT NULL,
        id text NOT NULL UNIQUE,
        hash text NOT NULL,
        body text NOT NULL,
        kind text NOT NULL,
        tag text NOT NULL,
        done_ms bigint NOT NULL,
        verdict text NOT NULL,
        about text NOT NULL,
        case_id text NOT NULL,
        PRIMARY KEY (plan_no, seq)
    );
    CREATE TABLE round_share (
        plan_no bigint NOT NULL REFERENCES round_plan (no),
        team text NOT NULL CHECK (team <> ''),
        PRIMARY KEY (plan_no, team)
    );
",
];

/// Roles, what each may do, and the policies by which the rows of other teams are not there; may be run again.
///
/// A login is given one of the roles (`GRANT faultscope_engineer TO li`) and a row in `team_member` for each of its teams.
const ROLES: &str = "
    DO $$
    DECLARE role text;
    BEGIN
        -- Roles belong to all databases of the server: another store may have made them.
        FOREACH role IN ARRAY ARRAY['faultscope_reader', 'faultscope_engineer', 'faultscope_lead'] LOOP
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN', role);
            END IF;
        END LOOP;
    END $$;
    GRANT faultscope_reader TO faultscope_engineer;
    GRANT faultscope_engineer TO faultscope_lead;
    GRANT USAGE ON SCHEMA {schema} TO faultscope_reader;
    GRANT SELECT ON faultscope_version, setting, team_member, fault_case, event, side_event, library, case_share,
        round_plan, round_event, round_share TO faultscope_reader;
    GRANT INSERT, UPDATE ON fault_case, library, round_plan TO faultscope_engineer;
    GRANT INSERT ON round_event TO faultscope_engineer;
    GRANT INSERT, DELETE ON event, side_event TO faultscope_engineer;
    GRANT SELECT, INSERT, UPDATE ON case_number TO faultscope_engineer;
    GRANT INSERT, DELETE ON team_member, case_share, round_share TO faultscope_lead;

    CREATE OR REPLACE FUNCTION sees_all() RETURNS boolean LANGUAGE sql STABLE
        SET search_path = {schema}, pg_temp
        AS 'SELECT pg_has_role(session_user, ''faultscope_lead'', ''MEMBER'')';
    ALTER TABLE fault_case ENABLE ROW LEVEL SECURITY;
    ALTER TABLE event ENABLE ROW LEVEL SECURITY;
    ALTER TABLE side_event ENABLE ROW LEVEL SECURITY;
    ALTER TABLE library ENABLE ROW LEVEL SECURITY;
    ALTER TABLE round_plan ENABLE ROW LEVEL SECURITY;
    ALTER TABLE round_event ENABLE ROW LEVEL SECURITY;
    DROP POLICY IF EXISTS own_team ON fault_case;
    DROP POLICY IF EXISTS own_team ON event;
    DROP POLICY IF EXISTS own_team ON side_event;
    DROP POLICY IF EXISTS own_team ON library;
    DROP POLICY IF EXISTS own_team ON round_plan;
    DROP POLICY IF EXISTS own_team ON round_event;
    -- The inner queries depend on no row: each is asked once.
    CREATE POLICY own_team ON fault_case USING (
        (SELECT sees_all())
        OR team IN (SELECT my_teams())
        OR no IN (SELECT s.case_no FROM case_share s WHERE s.team IN (SELECT my_teams()))
    );
    CREATE POLICY own_team ON event USING (EXISTS (SELECT 1 FROM fault_case c WHERE c.no = case_no));
    CREATE POLICY own_team ON side_event USING (EXISTS (SELECT 1 FROM fault_case c WHERE c.no = case_no));
    CREATE POLICY own_team ON library USING (EXISTS (SELECT 1 FROM fault_case c WHERE c.no = case_no));
    CREATE POLICY own_team ON round_plan USING (
        (SELECT sees_all())
        OR team IN (SELECT my_teams())
        OR no IN (SELECT s.plan_no FROM round_share s WHERE s.team IN (SELECT my_teams()))
    );
    CREATE POLICY own_team ON round_event USING (EXISTS (SELECT 1 FROM round_plan p WHERE p.no = plan_no));
";

/// What a database says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// None of our tables.
    Empty,
    /// A store of this version.
    Ours(i64),
    /// Tables with our names, but no version.
    Foreign,
}

/// Looks for the version.
pub(super) fn version(client: &mut impl postgres::GenericClient) -> Result<Version, postgres::Error> {
    let there = client.query_one(
        "SELECT to_regclass('faultscope_version') IS NOT NULL, to_regclass('fault_case') IS NOT NULL",
        &[],
    )?;
    match (there.try_get(0)?, there.try_get(1)?) {
        (true, _) => {
            let version = client.query_one("SELECT coalesce(max(version), 0) FROM faultscope_version", &[])?;
            Ok(Version::Ours(version.try_get(0)?))
        }
        (false, true) => Ok(Version::Foreign),
        (false, false) => Ok(Version::Empty),
    }
}

/// Runs what is missing, in one transaction that one program runs at a time; the versions before and after. A foreign or a newer
/// database is left as it is.
pub(super) fn migrate(client: &mut Client) -> Result<(Version, Version), postgres::Error> {
    let newest = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let mut tx = client.transaction()?;
    // Of this schema: a lock that is let go when the transaction ends, however it ends.
    tx.query_one("SELECT pg_advisory_xact_lock(hashtextextended('faultscope ' || current_schema(), 0))::text", &[])?;
    let before = version(&mut tx)?;
    let from = match before {
        Version::Empty => 0,
        Version::Ours(version) if version < newest => version,
        Version::Ours(_) | Version::Foreign => return Ok((before, before)),
    };
    if before == Version::Empty {
        tx.batch_execute("CREATE TABLE faultscope_version (version bigint PRIMARY KEY)")?;
    }
    let schema = schema(&mut tx)?;
    for (script, version) in MIGRATIONS.iter().zip(1i64..).skip(usize::try_from(from).unwrap_or(0)) {
        tx.batch_execute(&script.replace("{schema}", &schema))?;
        tx.execute("INSERT INTO faultscope_version VALUES ($1)", &[&version])?;
    }
    // What is new has no policies yet; where there are some, a table without would be open to all, or to nobody.
    let guarded = "SELECT relrowsecurity FROM pg_class WHERE oid = 'fault_case'::regclass";
    if tx.query_one(guarded, &[])?.try_get(0)? {
        tx.batch_execute(&ROLES.replace("{schema}", &schema))?;
    }
    tx.commit()?;
    Ok((before, Version::Ours(newest)))
}

/// Makes the roles and switches the policies on.
pub(super) fn roles(client: &mut Client) -> Result<(), postgres::Error> {
    let mut tx = client.transaction()?;
    let schema = schema(&mut tx)?;
    tx.batch_execute(&ROLES.replace("{schema}", &schema))?;
    tx.commit()
}

fn schema(client: &mut impl postgres::GenericClient) -> Result<String, postgres::Error> {
    client.query_one("SELECT quote_ident(current_schema())", &[])?.try_get(0)
}
