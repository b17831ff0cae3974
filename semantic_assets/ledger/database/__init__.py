"""The ledger's database: schema, migrations, and the differences of SQLite and Postgres."""
