package io.daytona.control.sandbox;

import io.daytona.control.persistence.Columns;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A row of the journal of transitions.
 *
 * @param organizationId owner of the sandbox
 * @param regionId where it ran
 * @param from state before; null for a new sandbox
 * @param to state after
 * @param trigger what led to it
 * @param reason why; null when the trigger says it all
 * @param at when
 */
record JournalEntry(
    String organizationId,
    String regionId,
    @Nullable String from,
    String to,
    String trigger,
    @Nullable String reason,
    Instant at) {

  static JournalEntry read(ResultSet row) throws SQLException {
    return new JournalEntry(
        row.getString("organization_id"),
        row.getString("region_id"),
        row.getString("from_state"),
        row.getString("to_state"),
        row.getString("trigger"),
        row.getString("reason"),
        Columns.time(row, "at"));
  }
}
