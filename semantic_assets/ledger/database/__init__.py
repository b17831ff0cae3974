"""The ledger's database: schema, migrations, and what SQLite and Postgres do differently."""
