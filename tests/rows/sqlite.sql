-- Tables of every kind that are to get rows: every type, every kind of constraint. Each one is filled.

CREATE TABLE t_declared (
  a INTEGER, b REAL, c TEXT, d BLOB, e NUMERIC, f, g BOOLEAN, h DATE, i DATETIME, j TIME, k VARCHAR(40), l CHAR(3),
  m DECIMAL(10, 2), n JSON, o UUID, p BIGINT, q DOUBLE PRECISION, r TIMESTAMP, s NVARCHAR(1), t NUMERIC(4)
);
CREATE TABLE t_required (
  a INTEGER NOT NULL, b REAL NOT NULL, c TEXT NOT NULL, d BLOB NOT NULL, e NUMERIC NOT NULL, f NOT NULL,
  g BOOLEAN NOT NULL, h DATE NOT NULL, i VARCHAR(10) NOT NULL
);
CREATE TABLE t_strict (a INTEGER NOT NULL, b REAL NOT NULL, c TEXT NOT NULL, d BLOB NOT NULL, e ANY NOT NULL, f INT) STRICT;
CREATE TABLE d_rowid (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE d_counted (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL DEFAULT 'x');
CREATE TABLE d_without (code TEXT PRIMARY KEY, name TEXT) WITHOUT ROWID;
CREATE TABLE d_text_key (code TEXT PRIMARY KEY);
CREATE TABLE d_int_key (code INT PRIMARY KEY);
CREATE TABLE d_composite (a INTEGER, b TEXT, c DATE, PRIMARY KEY (a, b), UNIQUE (b, c));
CREATE TABLE d_defaults (a TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP, b INTEGER NOT NULL DEFAULT (1 + 1), c TEXT);
CREATE TABLE d_generated (
  price REAL NOT NULL, amount INTEGER NOT NULL, total REAL GENERATED ALWAYS AS (price * amount) STORED,
  label TEXT AS ('n' || amount) VIRTUAL UNIQUE
);

CREATE TABLE c_lists (a TEXT CHECK (a IN ('open', 'closed')), b INTEGER NOT NULL CHECK (b IN (7, 70, 700)));
CREATE TABLE c_compared (
  a INTEGER NOT NULL CHECK (a > 100 AND a <= 103), b REAL NOT NULL CHECK (b BETWEEN -1.5 AND -1.0),
  c DATE NOT NULL CHECK (c >= '2030-05-01' AND c < '2030-05-09'), d INTEGER NOT NULL CHECK (d % 5 = 0)
);
CREATE TABLE c_patterns (
  a TEXT NOT NULL CHECK (a LIKE 'INV-____-%'), b TEXT NOT NULL CHECK (b GLOB '[A-Z][0-9]*'),
  c TEXT NOT NULL CHECK (c NOT GLOB '*[^0-9]*' AND length(c) = 12)
);
CREATE TABLE c_lengths (a TEXT NOT NULL CHECK (length(a) = 17), b TEXT NOT NULL, CONSTRAINT long CHECK (length(b) BETWEEN 30 AND 32));
CREATE TABLE c_types (
  a INTEGER NOT NULL CHECK (typeof(a) = 'integer'), b NOT NULL CHECK (typeof(b) = 'text'),
  c NOT NULL CHECK (typeof(c) = 'integer' AND c >= 3), d BOOLEAN NOT NULL CHECK (d IN (0, 1)), e BLOB CHECK (typeof(e) IN ('blob', 'null'))
);
CREATE TABLE c_columns (starts DATE NOT NULL, ends DATE NOT NULL, CONSTRAINT ends_after CHECK (ends > starts));
CREATE TABLE c_one_of (a INTEGER, b INTEGER, CHECK ((a IS NULL) <> (b IS NULL)));
CREATE TABLE c_single (id INTEGER PRIMARY KEY CHECK (id = 1), motto TEXT NOT NULL);
CREATE TABLE c_json (a TEXT NOT NULL CHECK (json_valid(a)), b JSON NOT NULL CHECK (json_type(b) = 'array'));
CREATE TABLE [c odd] ("a b" TEXT NOT NULL CHECK ("a b" <> 'it''s (not)'), `c` INTEGER CHECK (`c` > 4), /* CHECK (false) */ d TEXT);

CREATE TABLE k_unique (a TEXT UNIQUE, b INTEGER NOT NULL UNIQUE, c TEXT, UNIQUE (a, c));
CREATE TABLE k_nocase (name TEXT NOT NULL COLLATE NOCASE UNIQUE);
CREATE TABLE k_partial (id INTEGER PRIMARY KEY, owner INTEGER NOT NULL, active BOOLEAN NOT NULL);
CREATE UNIQUE INDEX one_active ON k_partial (owner) WHERE active = 1;
CREATE TABLE k_expression (name TEXT NOT NULL, n INTEGER NOT NULL);
CREATE UNIQUE INDEX by_lower ON k_expression (lower(name));
CREATE UNIQUE INDEX by_rest ON k_expression (n % 7, name);
CREATE TABLE k_boolean (b BOOLEAN PRIMARY KEY NOT NULL);

CREATE TABLE f_tenants (id INTEGER PRIMARY KEY, code CHAR(4) NOT NULL UNIQUE);
CREATE TABLE f_users (tenant INTEGER NOT NULL REFERENCES f_tenants, id INTEGER NOT NULL, mail TEXT NOT NULL UNIQUE CHECK (mail LIKE '%_@_%._%'), PRIMARY KEY (tenant, id));
CREATE TABLE f_projects (
  tenant INTEGER NOT NULL, id UUID NOT NULL, owner INTEGER NOT NULL, deputy INTEGER, PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, owner) REFERENCES f_users, FOREIGN KEY (tenant, deputy) REFERENCES F_USERS (tenant, id)
);
CREATE TABLE f_members (
  tenant INTEGER, project UUID, "user" INTEGER, PRIMARY KEY (tenant, project, "user"),
  FOREIGN KEY (tenant, project) REFERENCES f_projects, FOREIGN KEY (tenant, "user") REFERENCES f_users ON DELETE CASCADE
);
CREATE TABLE f_one_to_one (tenant INTEGER PRIMARY KEY REFERENCES f_tenants, code CHAR(4) REFERENCES f_tenants (code));
CREATE TABLE f_optional (id INTEGER PRIMARY KEY, a INTEGER REFERENCES d_rowid ON DELETE SET NULL);
CREATE TABLE f_tree (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES f_tree);
CREATE TABLE f_ring (id INTEGER PRIMARY KEY, following INTEGER NOT NULL UNIQUE REFERENCES f_ring);
CREATE TABLE f_teams (id INTEGER PRIMARY KEY, captain INTEGER REFERENCES f_players (id));
CREATE TABLE f_players (id INTEGER PRIMARY KEY, team INTEGER NOT NULL REFERENCES f_teams);
CREATE TABLE f_hens (id INTEGER PRIMARY KEY, egg INTEGER NOT NULL REFERENCES f_eggs);
CREATE TABLE f_eggs (id INTEGER PRIMARY KEY, hen INTEGER NOT NULL REFERENCES f_hens);
CREATE TABLE f_without (a TEXT PRIMARY KEY, b TEXT REFERENCES f_without_too) WITHOUT ROWID;
CREATE TABLE f_without_too (b TEXT PRIMARY KEY, a TEXT NOT NULL REFERENCES f_without) WITHOUT ROWID;

CREATE VIEW v_users AS SELECT * FROM f_users;
CREATE TABLE g_audit (id INTEGER PRIMARY KEY, what TEXT NOT NULL);
CREATE TABLE g_watched (id INTEGER PRIMARY KEY, name TEXT);
CREATE TRIGGER g_write AFTER INSERT ON g_watched BEGIN INSERT INTO g_audit (what) VALUES ('insert'); END;
CREATE TABLE g_strict (id INTEGER PRIMARY KEY, weight INTEGER NOT NULL);
CREATE TRIGGER g_heavy BEFORE INSERT ON g_strict WHEN NEW.weight < 5 BEGIN SELECT RAISE(ABORT, 'too light'); END;
CREATE TABLE o_many (c1 TEXT, c2 TEXT, c3 TEXT, c4 TEXT, c5 TEXT, c6 INTEGER NOT NULL, c7 INTEGER NOT NULL, c8 REAL, c9 BLOB);
