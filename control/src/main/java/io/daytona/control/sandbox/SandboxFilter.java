package io.daytona.control.sandbox;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import io.daytona.control.paging.QueryValues;
import io.daytona.control.persistence.Columns;
import io.daytona.http.Call;
import io.daytona.http.Json;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.sandbox.SandboxState;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jdbi.v3.core.statement.SqlStatement;

/**
 * The conditions of both lists of sandboxes (control-plane protocol §4.1): fixed SQL texts and
 * bound values, never a client's text in SQL.
 */
final class SandboxFilter {
  private static final List<String> CLASSES =
      List.of("linux-vm", "container", "android", "windows");
  private static final TypeReference<Map<String, Object>> OBJECT = new TypeReference<>() {};

  private final List<String> conditions = new ArrayList<>();
  private final Map<String, Object> values = new LinkedHashMap<>();

  private SandboxFilter(String organizationId) {
    conditions.add("organization_id = CAST(:organization AS uuid)");
    values.put("organization", organizationId);
    conditions.add("state <> 'destroyed'");
  }

  /** The conditions of {@code GET /sandbox}: ids and names by their beginning. */
  static SandboxFilter ofCursorList(String organizationId, Call<?> call) {
    SandboxFilter filter = new SandboxFilter(organizationId);
    filter.text(call, "id", "starts_with(id::text, lower(:id))");
    filter.text(call, "name", "starts_with(lower(name), lower(:name))");
    filter.anyOf(call, "regionIds", "region_id");
    filter.classes(call);
    filter.flag(call, "isPublic", "public = :isPublic");
    filter.flag(call, "isRecoverable", "recoverable = :isRecoverable");
    filter.time(call, "createdAtAfter", "created_at >= :createdAtAfter");
    filter.time(call, "createdAtBefore", "created_at <= :createdAtBefore");
    filter.autoDestroy(call);
    return filter.common(call);
  }

  /** The conditions of {@code GET /sandbox/paginated}: ids and names by any part. */
  static SandboxFilter ofPages(String organizationId, Call<?> call) {
    SandboxFilter filter = new SandboxFilter(organizationId);
    filter.text(call, "id", "position(lower(:id) IN id::text) > 0");
    filter.text(call, "name", "position(lower(:name) IN lower(name)) > 0");
    filter.anyOf(call, "regions", "region_id");
    return filter.common(call);
  }

  private SandboxFilter common(Call<?> call) {
    if (!QueryValues.bool(call, "includeErroredDeleted").orElse(false)) {
      conditions.add("NOT (state IN ('error', 'build_failed') AND desired_state = 'destroyed')");
    }
    labels(call);
    states(call);
    anyOf(call, "snapshots", "snapshot");
    number(call, "minCpu", "cpu >= :minCpu");
    number(call, "maxCpu", "cpu <= :maxCpu");
    number(call, "minMemoryGiB", "memory_gib >= :minMemoryGiB");
    number(call, "maxMemoryGiB", "memory_gib <= :maxMemoryGiB");
    number(call, "minDiskGiB", "disk_gib >= :minDiskGiB");
    number(call, "maxDiskGiB", "disk_gib <= :maxDiskGiB");
    time(call, "lastEventAfter", "last_activity_at >= :lastEventAfter");
    time(call, "lastEventBefore", "last_activity_at <= :lastEventBefore");
    return this;
  }

  /** Adds a condition with its values. */
  SandboxFilter and(String condition, Map<String, ?> bound) {
    conditions.add(condition);
    values.putAll(bound);
    return this;
  }

  /** All conditions, joined. */
  String sql() {
    return String.join(" AND ", conditions);
  }

  /** Binds the values of all conditions. */
  <S extends SqlStatement<S>> S bind(S statement) {
    values.forEach(statement::bind);
    return statement;
  }

  private void text(Call<?> call, String name, String condition) {
    call.query(name)
        .filter(text -> !text.isEmpty())
        .ifPresent(text -> and(condition, Map.of(name, text)));
  }

  private void anyOf(Call<?> call, String name, String column) {
    List<String> wanted = call.queries(name);
    if (!wanted.isEmpty()) {
      and(column + " = ANY (:" + name + ")", Map.of(name, Columns.array(wanted)));
    }
  }

  private void number(Call<?> call, String name, String condition) {
    QueryValues.integer(call, name, 1, Integer.MAX_VALUE)
        .ifPresent(number -> and(condition, Map.of(name, number)));
  }

  private void flag(Call<?> call, String name, String condition) {
    QueryValues.bool(call, name).ifPresent(value -> and(condition, Map.of(name, value)));
  }

  private void time(Call<?> call, String name, String condition) {
    QueryValues.time(call, name)
        .ifPresent(time -> and(condition, Map.of(name, time.atOffset(java.time.ZoneOffset.UTC))));
  }

  private void autoDestroy(Call<?> call) {
    // No sandbox has a time at which it is destroyed yet, so none lies in any range.
    if (QueryValues.time(call, "autoDestroyAtAfter").isPresent()
        || QueryValues.time(call, "autoDestroyAtBefore").isPresent()) {
      conditions.add("false");
    }
  }

  private void states(Call<?> call) {
    List<String> allowed =
        Stream.of(SandboxState.values())
            .filter(state -> state != SandboxState.DESTROYED)
            .map(SandboxState::wire)
            .toList();
    checked("states", call.queries("states"), allowed);
    anyOf(call, "states", "state");
  }

  private void classes(Call<?> call) {
    checked("sandboxClasses", call.queries("sandboxClasses"), CLASSES);
    anyOf(call, "sandboxClasses", "sandbox_class");
  }

  private static void checked(String name, List<String> values, List<String> allowed) {
    if (!allowed.containsAll(values)) {
      throw DaytonaException.badRequest(
          "each value in "
              + name
              + " must be one of the following values: "
              + String.join(", ", allowed));
    }
  }

  private void labels(Call<?> call) {
    call.query("labels")
        .filter(text -> !text.isBlank())
        .map(SandboxFilter::parsed)
        .filter(labels -> !labels.isEmpty())
        .ifPresent(labels ->
            and("labels @> CAST(:labels AS jsonb)", Map.of("labels", Columns.json(labels))));
  }

  static Map<String, String> parsed(String text) {
    try {
      Map<String, Object> labels = Json.mapper().readValue(text, OBJECT);
      if (labels != null && labels.values().stream().allMatch(String.class::isInstance)) {
        return labels.entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, entry -> (String) entry.getValue()));
      }
    } catch (JsonProcessingException e) {
      throw DaytonaException.of(
          io.daytona.wire.error.ErrorKind.BAD_REQUEST, "Invalid labels JSON format", e);
    }
    throw DaytonaException.badRequest(
        "Invalid labels JSON format: labels must be an object whose values are all strings");
  }
}
