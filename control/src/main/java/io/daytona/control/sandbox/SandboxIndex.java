package io.daytona.control.sandbox;

import io.daytona.wire.sandbox.DesiredState;
import io.daytona.wire.sandbox.SandboxState;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What the gate needs to know about every sandbox that is not destroyed, in memory: asking
 * PostgreSQL for each toolbox request would cost more than the request. It is filled when the
 * control plane starts and follows every row that a statement returns.
 */
final class SandboxIndex {
  private final ConcurrentHashMap<String, Entry> byId = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<Name, String> byName = new ConcurrentHashMap<>();

  /** One sandbox. */
  record Entry(
      String id,
      String organizationId,
      String name,
      SandboxState state,
      DesiredState desiredState,
      String authToken,
      long version) {
    /** Never shows the token. */
    @Override
    public String toString() {
      return "Entry[id=" + id + ", state=" + state + "]";
    }
  }

  private record Name(String organizationId, String name) {}

  /** Takes over a row, unless a newer one has been taken over before. */
  void put(Sandbox row) {
    Entry entry =
        new Entry(
            row.id(),
            row.organizationId(),
            row.name(),
            row.state(),
            row.desiredState(),
            row.authToken(),
            row.version());
    // Under the lock of the id, so that name and entry change together.
    byId.compute(
        row.id(),
        (id, known) -> {
          if (known != null && known.version() >= entry.version()) {
            return known;
          }
          if (known != null && !known.name().equals(entry.name())) {
            byName.remove(nameOf(known), id);
          }
          if (row.state() == SandboxState.DESTROYED) {
            byName.remove(nameOf(entry), id);
            return null;
          }
          byName.put(nameOf(entry), id);
          return entry;
        });
  }

  /** A sandbox by id. */
  Optional<Entry> find(String id) {
    return Optional.ofNullable(byId.get(id));
  }

  /** A sandbox by id, or by its name in an organization. */
  Optional<Entry> find(String idOrName, @Nullable String organizationId) {
    Entry entry = byId.get(idOrName);
    if (entry == null && organizationId != null) {
      String id = byName.get(new Name(organizationId, idOrName));
      entry = id == null ? null : byId.get(id);
    }
    return Optional.ofNullable(entry);
  }

  /** Every sandbox that is not destroyed. */
  Collection<Entry> all() {
    return List.copyOf(byId.values());
  }

  /** How many there are in each state. */
  Map<SandboxState, Integer> countByState() {
    Map<SandboxState, Integer> counts = new EnumMap<>(SandboxState.class);
    byId.values().forEach(entry -> counts.merge(entry.state(), 1, Integer::sum));
    return counts;
  }

  private static Name nameOf(Entry entry) {
    return new Name(entry.organizationId(), entry.name());
  }
}
