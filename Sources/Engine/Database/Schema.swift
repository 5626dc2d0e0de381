import Diagnostics

/// The tables of `kade.db`, and how older ones become the present ones.
enum Schema {
    /// The version that this program reads and writes: the number of migrations.
    static var current: Int { migrations.count }

    /// The version of an open file (`PRAGMA user_version`); 0 is an empty one.
    static func version(of connection: SQLiteConnection) throws(Problem) -> Int {
        let version = try connection.firstRow("PRAGMA user_version") { row throws(Problem) in
            try row.integer(0)
        }
        return Int(version ?? 0)
    }

    /// Brings an open file to the current version; the caller holds a transaction.
    static func migrate(_ connection: SQLiteConnection) throws(Problem) {
        let version = try version(of: connection)
        guard version <= current else {
            throw Problem(
                kind: .unsupported, what: "cannot use the database of this data root",
                why: "its version is \(version), and this program knows up to \(current)",
                fix: "use the newer kade that made it")
        }
        for migration in migrations[version...] { try connection.run(script: migration) }
        try set(version: current, of: connection)
    }

    /// Notes the version of a file.
    static func set(version: Int, of connection: SQLiteConnection) throws(Problem) {
        try connection.run(script: "PRAGMA user_version = \(version)")
    }

    /// Each entry leads from its index to the next version; entries are never changed.
    static let migrations = [
        """
        CREATE TABLE containers (
            id TEXT PRIMARY KEY NOT NULL,
            name TEXT NOT NULL UNIQUE,
            image TEXT NOT NULL,
            imageID TEXT NOT NULL,
            created INTEGER NOT NULL,
            isAutoRemoved INTEGER NOT NULL DEFAULT 0,
            request TEXT NOT NULL,
            layers TEXT NOT NULL
        ) STRICT;
        CREATE INDEX containersOfImage ON containers (imageID);
        CREATE TABLE volumes (
            name TEXT PRIMARY KEY NOT NULL,
            created INTEGER NOT NULL,
            isAnonymous INTEGER NOT NULL,
            isFilled INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        CREATE TABLE containerVolumes (
            container TEXT NOT NULL REFERENCES containers (id) ON DELETE CASCADE,
            volume TEXT NOT NULL REFERENCES volumes (name),
            target TEXT NOT NULL,
            PRIMARY KEY (container, target)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX containersOfVolume ON containerVolumes (volume);
        """,
        """
        ALTER TABLE volumes ADD COLUMN labels TEXT NOT NULL DEFAULT '{}';
        ALTER TABLE volumes ADD COLUMN options TEXT NOT NULL DEFAULT '{}';
        ALTER TABLE volumes DROP COLUMN isFilled;
        UPDATE volumes SET labels = '{"com.docker.volume.anonymous":""}' WHERE isAnonymous;
        ALTER TABLE containerVolumes ADD COLUMN isExplicit INTEGER NOT NULL DEFAULT 0;
        UPDATE containerVolumes SET isExplicit = 1
        WHERE volume IN (SELECT name FROM volumes WHERE NOT isAnonymous);
        CREATE TABLE containerImages (
            container TEXT NOT NULL REFERENCES containers (id) ON DELETE CASCADE,
            target TEXT NOT NULL,
            image TEXT NOT NULL,
            layers TEXT NOT NULL,
            PRIMARY KEY (container, target)
        ) STRICT, WITHOUT ROWID;
        """,
        """
        CREATE TABLE secrets (
            id TEXT PRIMARY KEY NOT NULL,
            name TEXT NOT NULL UNIQUE,
            created INTEGER NOT NULL,
            updated INTEGER NOT NULL,
            labels TEXT NOT NULL
        ) STRICT;
        CREATE TABLE containerSecrets (
            container TEXT NOT NULL REFERENCES containers (id) ON DELETE CASCADE,
            secret TEXT NOT NULL REFERENCES secrets (id),
            PRIMARY KEY (container, secret)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX containersOfSecret ON containerSecrets (secret);
        """,
        """
        CREATE TABLE networks (
            id TEXT PRIMARY KEY NOT NULL,
            name TEXT NOT NULL UNIQUE,
            created INTEGER NOT NULL,
            definition TEXT NOT NULL
        ) STRICT;
        CREATE TABLE endpoints (
            container TEXT NOT NULL REFERENCES containers (id) ON DELETE CASCADE,
            network TEXT NOT NULL REFERENCES networks (id),
            position INTEGER NOT NULL,
            id TEXT NOT NULL UNIQUE,
            ipv4 TEXT NOT NULL,
            ipv6 TEXT NOT NULL,
            mac TEXT NOT NULL,
            settings TEXT NOT NULL,
            PRIMARY KEY (container, network)
        ) STRICT, WITHOUT ROWID;
        CREATE UNIQUE INDEX addressesOfNetwork ON endpoints (network, ipv4) WHERE ipv4 <> '';
        CREATE UNIQUE INDEX addresses6OfNetwork ON endpoints (network, ipv6) WHERE ipv6 <> '';
        """,
        """
        CREATE TABLE stepEndpoints (
            step TEXT PRIMARY KEY,
            network TEXT NOT NULL REFERENCES networks (id) ON DELETE CASCADE,
            ipv4 TEXT NOT NULL,
            ipv6 TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        """,
    ]
}
