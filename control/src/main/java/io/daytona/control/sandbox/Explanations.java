package io.daytona.control.sandbox;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.daytona.control.persistence.Database;
import io.daytona.http.Access;
import io.daytona.http.Call;
import io.daytona.http.Endpoint;
import io.daytona.http.LogContext;
import io.daytona.http.RawReply;
import io.daytona.wire.Ids;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.runner.Placement;
import io.daytona.wire.runner.Runner;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Tells the platform's operator everything about one sandbox of any organization, in any state; of
 * one whose row is gone, what the journal still holds. Never its environment and tokens.
 */
final class Explanations {
  static final int JOURNAL_LINES = 25;
  private static final String TEXT = "text/plain; charset=utf-8";
  private static final String NAME = "sandboxIdOrName";

  // A deleted sandbox is called DESTROYED_<name>_<milliseconds>.
  private static final String BY_NAME =
      """
      SELECT id FROM sandbox
      WHERE name = :name OR (state IN ('destroying', 'destroyed')
        AND left(name, length(:name) + 11) = 'DESTROYED_' || :name || '_')
      ORDER BY (name = :name) DESC, created_at DESC LIMIT 1
      """;
  private static final String JOURNAL =
      """
      SELECT * FROM sandbox_journal WHERE sandbox_id = CAST(:id AS uuid)
      ORDER BY id DESC LIMIT :lines
      """;
  private static final String LAST_OUT_OF_MEMORY =
      """
      SELECT * FROM sandbox_journal
      WHERE sandbox_id = CAST(:id AS uuid) AND starts_with(reason, :outOfMemory)
      ORDER BY id DESC LIMIT 1
      """;

  private final Database database;
  private final SandboxStore store;
  private final Runner runner;

  Explanations(Database database, SandboxStore store, Runner runner) {
    this.database = database;
    this.store = store;
    this.runner = runner;
  }

  /** The row of the operator's endpoint table. */
  Endpoint<Void, RawReply> endpoint() {
    return Endpoint.get(
        "/explain/{" + NAME + "}",
        "explainSandbox",
        "Tells the operator everything about one sandbox, as text.",
        Access.MEMBER,
        RawReply.class,
        this::explain);
  }

  /**
   * What is known of a sandbox.
   *
   * @param id its id
   * @param row its row; null when that is gone
   * @param journal its last transitions, newest first
   * @param outOfMemory its last end by the memory limit; null when there was none
   * @param placement where it is on its host; null when the host does not tell
   * @param silence why the host does not tell; empty when it does
   */
  record Known(
      String id,
      @Nullable Sandbox row,
      List<JournalEntry> journal,
      @Nullable JournalEntry outOfMemory,
      @Nullable Placement placement,
      String silence) {}

  private RawReply explain(Call<Void> call) {
    byte[] text = ExplanationText.of(known(call.path(NAME))).getBytes(UTF_8);
    return new RawReply(200, TEXT, text.length, Map.of(), out -> out.write(text));
  }

  private Known known(String wanted) {
    String id = id(wanted).orElseThrow(() -> SandboxLookup.unknown(wanted));
    LogContext.sandbox(id);
    Optional<Sandbox> row = store.find(id);
    List<JournalEntry> journal = entries(JOURNAL, id, Map.of("lines", JOURNAL_LINES));
    if (row.isEmpty() && journal.isEmpty()) {
      throw SandboxLookup.unknown(wanted);
    }
    JournalEntry outOfMemory =
        entries(LAST_OUT_OF_MEMORY, id, Map.of("outOfMemory", Reconciler.OUT_OF_MEMORY)).stream()
            .findFirst()
            .orElse(null);
    Placement placement = null;
    String silence = "";
    try {
      placement = runner.placement(id);
    } catch (DaytonaException e) {
      silence = e.sentence();
    }
    return new Known(id, row.orElse(null), journal, outOfMemory, placement, silence);
  }

  private Optional<String> id(String wanted) {
    String lower = wanted.toLowerCase(Locale.ROOT);
    if (Ids.isUuid(lower)) {
      return Optional.of(lower);
    }
    return database.run(
        handle -> handle.createQuery(BY_NAME).bind("name", wanted).mapTo(String.class).findOne());
  }

  private List<JournalEntry> entries(String sql, String id, Map<String, ?> others) {
    return database.run(handle ->
        handle
            .createQuery(sql)
            .bind("id", id)
            .bindMap(others)
            .map((row, context) -> JournalEntry.read(row))
            .list());
  }
}
