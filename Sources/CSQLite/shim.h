#include <sqlite3.h>

// What Swift cannot import: a macro that is a cast pointer, and functions with variable arguments.

/// Binds text that SQLite copies.
static inline int csqlite_bind_text(sqlite3_stmt *statement, int index, const char *text, int bytes) {
    return sqlite3_bind_text(statement, index, text, bytes, SQLITE_TRANSIENT);
}

/// Switches a setting of one connection (SQLITE_DBCONFIG_…) on or off.
static inline int csqlite_configure(sqlite3 *connection, int setting, int value) {
    return sqlite3_db_config(connection, setting, value, (int *)0);
}
